import { SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import { isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { RECOVER_ANNOTATION } from '../../crds/names.ts';
import { formatRecoverWish } from '../../crds/recover-wish.ts';
import { expectYes } from '../ask.ts';
import { CommandFailure } from '../failure.ts';
import { createLogger } from '../logger.ts';
import { commandLine, type GlobalOptions } from '../options.ts';
import { printLine, printResult } from '../output.ts';
import { recoveryLines } from '../show/recovery-lines.ts';
import { stopSignal } from '../stop.ts';
import { annotateDroplet } from '../world/annotate-droplet.ts';
import { awaitReplacement, type ReplacementEnding } from '../world/await-replacement.ts';
import { watchFleet } from '../world/fleet-watch.ts';
import { findOneDroplet } from '../world/one-droplet.ts';
import { openParts } from '../world/open.ts';
import { expectOperator } from '../world/source.ts';
import type { KubernetesWorld } from '../world/world.ts';

export interface RecoverFlags {
  yes?: true;
  /** The image of the spec is booted, whatever snapshots there are. */
  clean?: true;
  /** Milliseconds. */
  timeout: number;
}

export type RecoverOptions = GlobalOptions & RecoverFlags & { droplet: string };

/** A Droplet and the server of it that a person gives up. */
interface Meant {
  droplet: Droplet;
  serverID: number;
}

/** Has a server replaced that a person gives up, after saying what would be lost, and waits for the one in its place. */
export async function recover(options: RecoverOptions): Promise<void> {
  const parts = await openParts({ ...options, readOnly: true, withoutCloud: true });
  try {
    const world: KubernetesWorld = { ...parts, ...(await parts.openKubernetes()) };
    const meant = await readMeant(world, options);
    await expectOperator(world);
    const { recovery } = meant.droplet.status ?? {};
    const isUnderWay = recovery?.serverID === meant.serverID && recovery.step === 'Replace';
    if (!isUnderWay) await askFor(world, meant, options);
    await untilReplaced(world, meant, options);
  } finally {
    await parts.close();
  }
}

async function readMeant(world: KubernetesWorld, { droplet: name }: RecoverOptions): Promise<Meant> {
  const droplet = await findOneDroplet(name, world);
  const serverID = droplet.status?.server?.id;
  if (droplet.metadata.deletionTimestamp !== undefined)
    throw new CommandFailure(`no changes made: ${droplet.metadata.name} is being deleted`);
  if (serverID === undefined)
    throw new CommandFailure(
      `no changes made: ${droplet.metadata.name} has no server that could be replaced; the operator is about to make one`,
    );
  return { droplet, serverID };
}

/** Says what would be lost, asks, and writes the wish down. */
async function askFor(world: KubernetesWorld, meant: Meant, options: RecoverOptions): Promise<void> {
  const { droplet, serverID } = meant;
  const { name, namespace } = droplet.metadata;
  const { items } = await world.kubernetes.list(SERVICE_DEPLOYMENTS, { namespace: namespace! });
  const services = items.filter(({ spec }) => spec.project === droplet.spec.project);
  const clean = options.clean ?? false;
  for (const line of recoveryLines({ droplet, services, clean, now: Date.now() })) printLine(options, line);
  if (isConditionTrue(droplet.status?.conditions, 'Ready') && !options.yes)
    throw new CommandFailure(
      `no changes made: ${name} is Ready. To replace it all the same: ${commandLine(options, 'recover', name, ...(clean ? ['--clean'] : []), '--yes')}`,
    );
  await expectYes(`Replace droplet ${serverID} of ${name}?`, options.yes ?? false);
  const annotations = { [RECOVER_ANNOTATION]: formatRecoverWish({ serverID, clean }) };
  // The wish itself names the server.
  await annotateDroplet(world, droplet, annotations);
}

async function untilReplaced(world: KubernetesWorld, meant: Meant, options: RecoverOptions): Promise<void> {
  const { droplet, serverID } = meant;
  const { name } = droplet.metadata;
  const stopped = stopSignal();
  const stop = new AbortController();
  try {
    const log = createLogger(options, 'warn');
    const fleet = await watchFleet(world.kubernetes, () => new Map(), log, stop.signal);
    const ended = AbortSignal.any([stopped, AbortSignal.timeout(options.timeout)]);
    const show = (line: string): void => printLine(options, line);
    const ending = await awaitReplacement(fleet, keyOf(droplet), serverID, show, ended);
    if (stopped.aborted) throw new CommandFailure('stopped; the operator goes on with it', 130);
    if (ending.state !== 'replaced') throw failureOf(ending, name, options);
    const { id } = ending;
    printResult(options, { droplet: name, id, replaced: serverID }, () => [
      `${name} runs on droplet ${id}. Droplet ${serverID} is off, and kept for 24 hours.`,
    ]);
  } finally {
    stop.abort();
  }
}

function failureOf(
  ending: Exclude<ReplacementEnding, { state: 'replaced' }>,
  name: string,
  { timeout }: RecoverOptions,
): CommandFailure {
  switch (ending.state) {
    case 'held':
      return new CommandFailure(ending.message);
    case 'gone':
      return new CommandFailure(`the Droplet ${name} was deleted meanwhile: nothing takes its place`);
    case 'timeout':
      return new CommandFailure(
        `not done after ${timeout / 1_000} s: ${ending.waitingFor}. The operator goes on with it; give more time with --timeout`,
      );
  }
}
