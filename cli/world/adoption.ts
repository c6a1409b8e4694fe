import type { Clock } from '../../clients/clock.ts';
import { systemClock } from '../../clients/clock.ts';
import type { HttpCloud } from '../../clients/digitalocean/http-client.ts';
import { isCloudNotFound } from '../../clients/digitalocean/errors.ts';
import { shownHostKey } from '../../clients/ssh/shown-key.ts';
import { findCondition } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { ADOPT_ANNOTATION, CONFIRMATION_REQUIRED } from '../../crds/names.ts';
import type { Adoption, Candidate } from '../../reconcilers/adoption/plan.ts';
import { Waiting } from '../../reconcilers/outcome.ts';
import type { FleetWatch } from './fleet-watch.ts';
import { sshKeyOf } from './world-keys.ts';
import type { World } from './world.ts';

/** What a host showed, or why it showed nothing. */
export type ShownKey = { fingerprint: string } | { problem: string };

/** The SSH host keys that answer on the servers' addresses, by the servers' ids. */
export async function shownKeys(world: World, servers: readonly Candidate[]): Promise<Map<number, ShownKey>> {
  const { privateKey } = await sshKeyOf(world);
  const show = async ({ id, publicAddress }: Candidate): Promise<[number, ShownKey]> => {
    if (publicAddress === undefined) return [id, { problem: 'it has no public IPv4 address' }];
    const place = { address: publicAddress, port: world.sshPort, privateKey };
    try {
      return [id, { fingerprint: await shownHostKey(place, systemClock) }];
    } catch (error) {
      return [id, { problem: error instanceof Error ? error.message : String(error) }];
    }
  };
  return new Map(await Promise.all(servers.map(show)));
}

/** Whether DigitalOcean has that droplet. */
export async function isInCloud({ cloud }: Pick<World, 'cloud'>, id: number): Promise<boolean> {
  try {
    await cloud.getDroplet(id);
    return true;
  } catch (error) {
    if (isCloudNotFound(error)) return false;
    throw error;
  }
}

/** What costs money or data, or another's server: nothing of this is what somebody asks for who takes servers over. */
const NEVER: ReadonlySet<string> = new Set<keyof HttpCloud>([
  'createDroplet',
  'deleteDroplet',
  'deleteSnapshot',
  'shutdownDroplet',
  'powerOffDroplet',
  'powerCycleDroplet',
  'resizeDroplet',
]);

/** The same world, in which no server is bought, stopped or destroyed, whatever the objects ask for. */
export function withoutPurchases(world: World): World {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new Waiting('"dropfleet adopt" only takes servers over; "dropfleet up" does the rest', AGAIN_MS),
    );
  const cloud = new Proxy(world.cloud, {
    get(target, name) {
      if (NEVER.has(name as string)) return refuse;
      const value = target[name as keyof HttpCloud] as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { ...world, cloud };
}

const AGAIN_MS = 60_000;

/** How the wait for servers to be taken over ended: what was, and what was not and why. */
export interface AdoptionEnding {
  adopted: Adoption[];
  failed: { adoption: Adoption; why: string }[];
}

/** A refusal may be of the time before: it is believed when it has stayed for so long. */
const REFUSAL_STAYS_MS = 5_000;

/**
 * Waits until every Droplet has its server, or says why it cannot, or the signal aborts.
 *
 * @param onAdopted hears of each as it is taken over.
 */
export function untilAdopted(
  fleet: Pick<FleetWatch, 'droplets' | 'onChange'>,
  adoptions: readonly Adoption[],
  onAdopted: (adoption: Adoption) => void,
  clock: Clock,
  signal: AbortSignal,
): Promise<AdoptionEnding> {
  return new Promise(resolve => {
    const adopted = new Set<Adoption>();
    let isOver = false;
    let forgetRefusal: (() => void) | undefined;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      forgetRefusal?.();
      const byKey = new Map(fleet.droplets().map(droplet => [keyOf(droplet), droplet]));
      const failed = adoptions
        .filter(adoption => !adopted.has(adoption))
        .map(adoption => ({ adoption, why: whyNot(adoption, byKey.get(placeKey(adoption))) ?? NOT_YET }));
      resolve({ adopted: [...adopted], failed });
    };
    const check = (): void => {
      if (isOver) return;
      const byKey = new Map(fleet.droplets().map(droplet => [keyOf(droplet), droplet]));
      for (const adoption of adoptions)
        if (!adopted.has(adoption) && isDone(adoption, byKey.get(placeKey(adoption)))) {
          adopted.add(adoption);
          onAdopted(adoption);
        }
      const left = adoptions.filter(adoption => !adopted.has(adoption));
      if (left.length === 0 || signal.aborted) return end();
      const isStuck = left.every(adoption => whyNot(adoption, byKey.get(placeKey(adoption))) !== undefined);
      if (isStuck) forgetRefusal ??= clock.after(REFUSAL_STAYS_MS, end);
      else {
        forgetRefusal?.();
        forgetRefusal = undefined;
      }
    };
    fleet.onChange(check);
    signal.addEventListener('abort', check, { once: true });
    check();
  });
}

const NOT_YET = 'no operator has done it so far';

const placeKey = ({ namespace, name }: Adoption): string => `${namespace}/${name}`;

/** The word is taken off when it was used: until then the tags may still be another's. */
const isDone = ({ server }: Adoption, droplet: Droplet | undefined): boolean =>
  droplet?.status?.server?.id === server.id && droplet.metadata.annotations?.[ADOPT_ANNOTATION] === undefined;

function whyNot({ server }: Adoption, droplet: Droplet | undefined): string | undefined {
  if (droplet === undefined) return 'its Droplet is gone';
  const { conditions } = droplet.status ?? {};
  const provisioned = findCondition(conditions, 'Provisioned');
  if (provisioned?.reason === 'CannotAdopt' && provisioned.message.includes(`droplet ${server.id}:`))
    return provisioned.message;
  const held = findCondition(conditions, CONFIRMATION_REQUIRED);
  return held?.status === 'True' && !HELD_UNTIL_ADOPTED.has(held.reason) ? held.message : undefined;
}

/** What holds the purchase that was asked for before a server was named; see droplet/effects-plan.ts. */
const HELD_UNTIL_ADOPTED = new Set(['FleetTaken', 'Orphans', 'OtherFleet']);
