import { DROPLETS, PROJECTS, type ResourceKind } from '../../clients/kubernetes/kinds.ts';
import { isNotFound } from '../../clients/kubernetes/errors.ts';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import type { KubernetesObject, ObjectKey } from '../../crds/meta.ts';
import { CONFIRM_ANNOTATION } from '../../crds/names.ts';
import { confirmationOf } from '../../reconcilers/gate/confirmation.ts';
import { describeEffects, type Effect } from '../../reconcilers/gate/effect.ts';
import type { HeldEntry } from '../../reconcilers/gate/ledger.ts';
import type { World } from './world.ts';

/** How long what a command confirms may take to be done, ms; it waits for it. */
const COMMAND_MS = 15 * 60_000;

/**
 * Confirms exactly these losses, before anybody asks for them: the gate lets them through when they are asked for as
 * they are now, and nothing else.
 *
 * @param withoutSnapshot whether servers that hold data may go without a last snapshot.
 * @returns what was confirmed, in words.
 */
export async function confirmLosses(
  { kubernetes }: Pick<World, 'kubernetes'>,
  losses: readonly Effect[],
  now: number,
  withoutSnapshot = false,
): Promise<string> {
  const confirmation = confirmationOf(losses, now + COMMAND_MS, withoutSnapshot);
  // One Project that carries it is enough; the first that still exists will do.
  for (const project of new Set(losses.map(loss => loss.project)))
    if (await annotate(kubernetes, PROJECTS, project, confirmation)) break;
  return describeEffects(losses);
}

/** Whether all that is held is that a server goes without a last snapshot. */
export const isForgoing = ({ confirmation, withoutSnapshot }: HeldEntry): boolean =>
  confirmation === withoutSnapshot;

/**
 * Confirms what an operator holds. False when none of its objects is there any more.
 *
 * @param withoutSnapshot whether servers that hold data may go without a last snapshot.
 */
export async function confirmHeld(
  { kubernetes }: Pick<World, 'kubernetes'>,
  { confirmation, withoutSnapshot: without, objects }: HeldEntry,
  withoutSnapshot: boolean,
): Promise<boolean> {
  const text = (withoutSnapshot ? without : undefined) ?? confirmation;
  for (const { kind, namespace, name } of objects) {
    const kindOf: ResourceKind = kind === 'Project' ? PROJECTS : DROPLETS;
    if (await annotate(kubernetes, kindOf, `${namespace}/${name}`, text)) return true;
  }
  return false;
}

async function annotate<T extends KubernetesObject>(
  kubernetes: Pick<KubernetesClient, 'patch'>,
  kind: ResourceKind<T>,
  key: ObjectKey,
  confirmation: string,
): Promise<boolean> {
  try {
    await kubernetes.patch(kind, key, { metadata: { annotations: { [CONFIRM_ANNOTATION]: confirmation } } });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
