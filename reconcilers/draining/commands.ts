import { asRoot } from '../host/commands.ts';
import type { Layout } from '../load-balancer/layout.ts';
import { DRAIN } from './scripts.ts';

/** Tells whether old workers, or connections to these servers, are left. */
export const observeDrain = ({ pid, listen }: Layout, addresses: readonly string[]): string[] =>
  asRoot(DRAIN, pid, listen.split(':').at(-1)!, ...addresses);
