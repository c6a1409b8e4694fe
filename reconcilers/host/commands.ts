import type { Script } from '../script.ts';
import type { Service, Tool } from './desired.ts';
import type { Reload } from './files.ts';
import { PROVIDE, RELOAD, STAGE_HOST_KEY, START, SWAP, SWITCH_HOST_KEY } from './scripts.ts';

/** A script with its arguments, as root, for a user who may sudo without a password. */
export const asRoot = ({ name, text }: Script, ...args: readonly string[]): string[] => [
  'sudo',
  '-n',
  'sh',
  '-c',
  text,
  name,
  ...args,
];

/** The exit code of `provideTools` when somebody else is at work on the packages (sysexits: EX_TEMPFAIL). */
export const PACKAGES_BUSY = 75;

/** Installs what brings those commands; `tries` is how often it waits for others to finish. */
export const provideTools = (tries: number, tools: readonly Tool[]): string[] =>
  asRoot(PROVIDE, `${tries}`, ...tools);

/** Makes changed files hold. */
export const reload = (what: Reload, paths: readonly string[]): string[] => asRoot(RELOAD, what, ...paths);

/** Starts a service now and at every boot. */
export const startService = (service: Service): string[] => asRoot(START, service);

/** Makes a swap file. */
export const makeSwap = (): string[] => asRoot(SWAP);

/** Makes the next host key and prints its fingerprint. */
export const stageHostKey = (): string[] => asRoot(STAGE_HOST_KEY);

/** Puts the staged host key in the place of the present one. */
export const switchHostKey = (fingerprint: string): string[] => asRoot(SWITCH_HOST_KEY, fingerprint);

/** Makes the folders that files are written to. */
export const makeFolders = (folders: readonly string[]): string[] => [
  'sudo',
  '-n',
  'mkdir',
  '-p',
  '--',
  ...folders,
];
