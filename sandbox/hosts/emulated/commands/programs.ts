import type { Program } from '../model.ts';
import { PACKAGED_PROGRAMS } from '../packages.ts';
import { ADDRESSES } from './addresses.ts';
import { ARCHIVES } from './archives.ts';
import { CLOUD_INIT } from './cloud-init.ts';
import { CONTAINERS } from './containers.ts';
import { CURL } from './curl.ts';
import { DISK_USAGE } from './disk-usage.ts';
import { EDITING } from './editing.ts';
import { FILE_ATTRIBUTES } from './file-attributes.ts';
import { FILE_CONTENT } from './file-content.ts';
import { FILE_TREE } from './file-tree.ts';
import { MOUNTING } from './mounting.ts';
import { NGINX } from './nginx.ts';
import { PACKAGE_PROGRAMS } from './packages.ts';
import { PRINTING } from './printing.ts';
import { PROCESSES } from './processes.ts';
import { RUNNING } from './running.ts';
import { SERVICES } from './services.ts';
import { SSH_PROGRAMS } from './ssh-programs.ts';
import { SYSTEM } from './system.ts';
import { SYSTEMD_RUN } from './systemd-run.ts';
import { TESTING } from './testing.ts';
import { TEXT } from './text.ts';
import { WRAPPING } from './wrapping.ts';

const FAMILIES = [
  ADDRESSES,
  ARCHIVES,
  CLOUD_INIT,
  CONTAINERS,
  CURL,
  DISK_USAGE,
  MOUNTING,
  NGINX,
  EDITING,
  FILE_ATTRIBUTES,
  FILE_CONTENT,
  FILE_TREE,
  PACKAGE_PROGRAMS,
  PRINTING,
  PROCESSES,
  RUNNING,
  SERVICES,
  SSH_PROGRAMS,
  SYSTEM,
  SYSTEMD_RUN,
  TESTING,
  TEXT,
  WRAPPING,
];

/** Everything that an emulated machine can run, by the name of its program. */
export const PROGRAMS: ReadonlyMap<string, Program> = new Map(
  FAMILIES.flatMap(family => Object.entries(family)),
);

/** Those that a machine has without any package. */
export const basePrograms = (): string[] => [...PROGRAMS.keys()].filter(name => !PACKAGED_PROGRAMS.has(name));
