import { sleep } from '../../clients/clock.ts';
import type { CloudAction } from '../../clients/digitalocean/cloud.ts';
import type { SshHost } from '../../clients/ssh/ssh.ts';
import type { Engine } from '../host/desired.ts';
import type { Run } from '../run.ts';
import { freeze, heldMsIn, thaw } from './commands.ts';
import type { Context } from './concern.ts';
import type { Database } from './databases-plan.ts';

/** What was asked for while the databases stood still. */
export interface Quiesced {
  action: CloudAction;
  /** For how long they did; undefined where there were none. */
  pauseMs?: number;
  /** Why the disk may be as after a loss of power. */
  warnings: readonly string[];
}

/** How often the action is looked at meanwhile, ms. */
const LOOK_MS = 2_000;

/** How long the host may take to flush, and to let go; ms. */
const FLUSH_MS = 180_000;
const THAW_MS = 20_000;

/**
 * Asks for a snapshot while databases stand still.
 *
 * DigitalOcean copies a disk as it is at one moment of the action, and the API does not tell which. So the databases
 * are held until the action has ended or `holdMs` after it was granted, whichever comes first; where the moment comes
 * later still, what was flushed is as after a loss of power, from which they recover by themselves. A host lets them go
 * by itself when nobody comes back.
 */
export async function askWhileStill(
  context: Context,
  ssh: SshHost,
  engine: Engine,
  databases: readonly Database[],
  ask: () => Promise<CloudAction>,
  run: Run,
): Promise<Quiesced> {
  const { deadMs } = context.timings;
  const options = { signal: run.signal, timeoutMs: FLUSH_MS };
  const frozen = await ssh.run(freeze(engine, deadMs / 1000, databases), options);
  const isStill = frozen.code === 0 && databases.length > 0;
  const warnings =
    frozen.code === 0 ? unflushedIn(frozen.stdout) : [`nothing stood still: ${lastLine(frozen.stderr)}`];
  let pauseMs: number | undefined;
  let action: CloudAction;
  try {
    action = await ask();
    if (isStill) await whileItBegins(context, action, run);
  } finally {
    pauseMs = databases.length === 0 ? undefined : await letGo(ssh, engine, run);
  }
  return { action, warnings, ...(pauseMs !== undefined && { pauseMs }) };
}

/** Also when the operator stops, and without a word when the host is silent: it does so by itself. */
async function letGo(ssh: SshHost, engine: Engine, { log }: Run): Promise<number | undefined> {
  try {
    return heldMsIn((await ssh.run(thaw(engine), { timeoutMs: THAW_MS })).stdout);
  } catch (error) {
    log.warn('the databases go on by themselves within a minute', { error: String(error) });
    return undefined;
  }
}

async function whileItBegins(
  { cloud, clock, timings }: Context,
  { id, status }: CloudAction,
  { signal }: Run,
): Promise<void> {
  const until = clock.monotonic() + timings.holdMs;
  for (let isOver = status !== 'in-progress'; !isOver && clock.monotonic() < until;) {
    await sleep(clock, LOOK_MS, signal);
    isOver = await cloud.getAction(id, signal).then(
      action => action.status !== 'in-progress',
      () => false,
    );
  }
}

/** What freeze.sh said of containers that did not write what they had. */
const unflushedIn = (output: string): string[] =>
  [...output.matchAll(/^unflushed\t(\w{12})\w*\t(.*)$/gm)].map(
    ([, id, why]) => `container ${id} did not write all that it had: ${why}`,
  );

const lastLine = (text: string): string => text.trim().split('\n').at(-1)!.slice(-300);
