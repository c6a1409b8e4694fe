import { parseDocument } from 'yaml';

/** What cloud-init makes of user data. */
export type UserData =
  | { readonly kind: 'none' }
  | { readonly kind: 'script'; readonly text: string }
  | { readonly kind: 'config'; readonly config: CloudConfig; readonly warnings: readonly string[] }
  /** Nothing of it is carried out. */
  | { readonly kind: 'invalid'; readonly problem: string };

/** The keys of a `#cloud-config` that are carried out. */
export interface CloudConfig {
  readonly hostname?: string;
  readonly disable_root?: boolean;
  readonly users?: readonly (string | CloudUser)[];
  readonly ssh_keys?: { readonly ed25519_private?: string; readonly ed25519_public?: string };
  readonly write_files?: readonly CloudFile[];
  readonly packages?: readonly string[];
  readonly runcmd?: readonly (string | readonly string[])[];
}

interface CloudUser {
  readonly name: string;
  readonly shell?: string;
  readonly sudo?: string | readonly string[] | false;
  readonly groups?: string | readonly string[];
  readonly ssh_authorized_keys?: readonly string[];
}

interface CloudFile {
  readonly path: string;
  readonly content?: string;
  readonly encoding?: string;
  readonly owner?: string;
  readonly permissions?: string | number;
  readonly append?: boolean;
}

const CARRIED_OUT = ['hostname', 'disable_root', 'users', 'ssh_keys', 'write_files', 'packages', 'runcmd'];

/** Keys that change nothing that dropfleet sees of a machine here. */
const PASSED_OVER = [
  'apt', 'bootcmd', 'final_message', 'fqdn', 'growpart', 'locale', 'manage_etc_hosts', 'mounts', 'ntp',
  'package_reboot_if_required', 'package_update', 'package_upgrade', 'preserve_hostname', 'prefer_fqdn_over_hostname',
  'resize_rootfs', 'ssh_deletekeys', 'ssh_genkeytypes', 'ssh_pwauth', 'ssh_quiet_keygen', 'swap', 'timezone',
]; // prettier-ignore

const KNOWN = new Set([...CARRIED_OUT, ...PASSED_OVER]);

/** Reads user data: a `#cloud-config` or a script. */
export function parseUserData(text: string | undefined): UserData {
  if (text === undefined || text.trim() === '') return { kind: 'none' };
  if (text.startsWith('#!')) return { kind: 'script', text };
  if (!/^#cloud-config\s*(\n|$)/.test(text))
    return {
      kind: 'invalid',
      problem:
        "Unhandled non-multipart (text/x-not-multipart) userdata: it begins with neither '#cloud-config' nor '#!'",
    };
  // cloud-init reads the YAML of Python, in which 0644 is octal.
  const document = parseDocument(text, { version: '1.1' });
  const [error] = document.errors;
  if (error !== undefined)
    return { kind: 'invalid', problem: `Failed loading yaml blob: ${error.message.split('\n')[0]}` };
  const config = (document.toJS() ?? {}) as CloudConfig;
  if (typeof config !== 'object' || Array.isArray(config))
    return { kind: 'invalid', problem: 'The cloud-config is no mapping' };
  const unknown = Object.keys(config).filter(key => !KNOWN.has(key));
  return {
    kind: 'config',
    config,
    warnings: unknown.map(key => `Invalid cloud-config: ${key} is not a known key`),
  };
}
