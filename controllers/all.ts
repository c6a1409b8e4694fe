import type { Concern } from './concern.ts';
import { csvSync } from './csv-sync.ts';
import { dataVolume } from './data-volume.ts';
import { drill } from './drill.ts';
import { droplet } from './droplet.ts';
import { firewall } from './firewall.ts';
import { gate } from './gate.ts';
import { health } from './health.ts';
import { host } from './host.ts';
import { infrastructureFile } from './infrastructure-file.ts';
import { orphans } from './orphans.ts';
import { loadBalancer } from './load-balancer.ts';
import { notify } from './notify.ts';
import { page } from './page.ts';
import { project } from './project.ts';
import { service } from './service.ts';
import { reservedIP } from './reserved-ip.ts';
import { retired } from './retired.ts';
import { secrets } from './secrets.ts';
import { servicesFile } from './services-file.ts';
import { sizes } from './sizes.ts';
import { snapshot } from './snapshot.ts';

/** All that the operator does, in the order of one row's way. */
export const CONCERNS = [
  gate,
  sizes,
  secrets,
  csvSync,
  project,
  servicesFile,
  droplet,
  dataVolume,
  reservedIP,
  firewall,
  host,
  health,
  service,
  loadBalancer,
  snapshot,
  drill,
  retired,
  orphans,
  infrastructureFile,
  notify,
  page,
] as const;

type Each = (typeof CONCERNS)[number];

/** Every wait of the operator, in milliseconds, by concern. */
export type Timings = { readonly [C in Each as C['name']]: C['declares']['timings'] };

/** Those that are to be other than declared. */
export type TimingOverrides = { readonly [Name in keyof Timings]?: Partial<Timings[Name]> };

/** What the concerns want to be given, all of it together. */
export type ConcernOptions = Takes<Each> extends Given<infer All> ? All : never;

/** A function whose parameter is the options: the parameter of a union of functions has to suit them all. */
type Given<Options> = (options: Options) => void;
type Takes<C> = C extends Concern<infer _Name, infer _Declares, infer Options> ? Given<Options> : never;
