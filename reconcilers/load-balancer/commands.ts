import { asRoot } from '../host/commands.ts';
import type { Layout } from './layout.ts';
import { ACTIVATE, CUT, FACTS, PRUNE, STAGE, TRY, VERIFY } from './scripts.ts';

/** How often in a row the new generation must answer before the old one counts as gone. */
const ANSWERS = 5;
/** 0.1 s each: how long a reload may take. */
const TRIES = 100;
/** How many generations stay on the host. */
const KEPT = 3;

/** What the script that tells everything about a load balancer must know. */
export const factsArguments = ({ home, main, url }: Layout): string[] => [home, main, url];

/** Tells everything about the load balancer of a host. */
export const observeLoadBalancer = (layout: Layout): string[] => asRoot(FACTS, ...factsArguments(layout));

/** Writes the configuration that comes on stdin (tar) to that folder, and has nginx test it. */
export const stageConfiguration = ({ home, temp }: Layout, directory: string): string[] =>
  asRoot(STAGE, home, directory, temp);

/** Has nginx test the folder with another main file, which comes on stdin. */
export const tryConfiguration = ({ home }: Layout, directory: string): string[] =>
  asRoot(TRY, home, directory);

/** Switches to that folder and has nginx read it. */
export const activateConfiguration = ({ home, main }: Layout, directory: string): string[] =>
  asRoot(ACTIVATE, home, main, directory);

/** Waits until only workers that read that folder answer. */
export const verifyConfiguration = ({ url, logs }: Layout, directory: string): string[] =>
  asRoot(VERIFY, url, directory, `${ANSWERS}`, `${TRIES}`, `${logs}/error.log`);

/** Removes old folders, but not these. */
export const pruneConfigurations = ({ home }: Layout, ...keep: readonly string[]): string[] =>
  asRoot(PRUNE, home, `${KEPT}`, ...keep);

/** Closes the connections from here to those addresses and ports where nobody answers. */
export const cutConnections = (endpoints: readonly string[]): string[] => asRoot(CUT, ...endpoints);
