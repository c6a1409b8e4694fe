import { asRoot } from '../host/commands.ts';
import type { Engine } from '../host/desired.ts';
import { FREEZE, THAW } from './scripts.ts';
import type { Database } from './databases-plan.ts';

/** Flushes databases and holds their containers still, for `seconds` at most. */
export const freeze = (engine: Engine, seconds: number, databases: readonly Database[]): string[] =>
  asRoot(FREEZE, engine, `${seconds}`, THAW.text, ...databases.flatMap(({ kind, uid }) => [kind, uid]));

/** Lets them go on, and tells for how long they were held. */
export const thaw = (engine: Engine): string[] => asRoot(THAW, engine, '0');

/** For how long containers were held, in ms, as `thaw` printed it; undefined when none was. */
export function heldMsIn(output: string): number | undefined {
  const [, ms] = /^held\t(\d+)$/m.exec(output) ?? [];
  return ms === undefined ? undefined : Number(ms);
}
