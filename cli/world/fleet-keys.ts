import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { DROPLETS } from '../../clients/kubernetes/kinds.ts';
import { fingerprintOfLine } from '../../clients/ssh/fingerprint.ts';
import { ConfigurationError } from '../../config/problems.ts';
import { readFleetRecord, writeFleetRecord } from '../../reconcilers/fleet-record/fleet-record.ts';
import type { FleetKey, KeyRing, KeyStore } from '../../reconcilers/ssh-key/key-ring.ts';
import type { KeyPlace } from './ssh-key.ts';

/** What to say to have a key that hosts do not know, in the knowledge of that. */
const ACCEPT_LOSS = 'dropfleet init --rotate-key --accept-loss';

/**
 * The fleet's keys, held to the fleet's record: `read` makes the first one, and only while no server can know an
 * older one. All of it rejects with a ConfigurationError when the key is gone, or another one is in its place.
 */
export interface FleetKeys extends KeyStore {
  /** The pairs; undefined when the first one is still to be made. Makes and writes nothing. */
  find(): Promise<KeyRing | undefined>;
  /** Makes the pair that is there the fleet's, or a new one where there is none, though hosts know another. */
  acceptLoss(): Promise<KeyRing>;
}

type Client = Pick<KubernetesClient, 'get' | 'list' | 'create' | 'patch'>;

/** The fleet's keys in that place; the record is in the operator's namespace. */
export function fleetKeys(place: KeyPlace, kubernetes: Client, namespace: string): FleetKeys {
  const recorded = async (): Promise<string | undefined> =>
    (await readFleetRecord(kubernetes, namespace)).sshKey;

  async function record(ring: KeyRing, before: string | undefined): Promise<KeyRing> {
    const sshKey = fingerprintOf(ring.current);
    if (sshKey !== before) await writeFleetRecord(kubernetes, namespace, { sshKey });
    return ring;
  }

  async function check(): Promise<{ ring: KeyRing | undefined; known: string | undefined; fault?: string }> {
    // The record first: a rotation writes it last, and the ring that follows tells of both keys.
    const known = await recorded();
    const ring = await place.find();
    const fault = ring === undefined ? await lossOf(place, kubernetes, known) : mixUpOf(place, ring, known);
    return { ring, known, ...(fault !== undefined && { fault }) };
  }

  async function readStrictly() {
    const seen = await check();
    if (seen.fault !== undefined) throw new ConfigurationError(seen.fault);
    return seen;
  }

  return {
    find: async () => (await readStrictly()).ring,
    async read() {
      const { ring, known } = await readStrictly();
      return await record(ring ?? (await place.make()), known);
    },
    async write(ring) {
      await place.write(ring);
      await record(ring, await recorded());
    },
    async acceptLoss() {
      const { ring, known, fault } = await check();
      if (fault === undefined) throw nothingIsLost(place, ring);
      return await record(ring ?? (await place.make()), known);
    },
  };
}

const fingerprintOf = ({ publicKey }: FleetKey): string => fingerprintOfLine(publicKey);

/** Why no key may be made where there is none; undefined when no server can know one. */
async function lossOf(
  place: KeyPlace,
  kubernetes: Pick<Client, 'list'>,
  known: string | undefined,
): Promise<string | undefined> {
  const trace = await place.trace();
  const fingerprint = known ?? trace?.fingerprint;
  if (fingerprint === undefined && trace === undefined && !(await hasServers(kubernetes))) return undefined;
  return [
    `the fleet's SSH key${fingerprint === undefined ? '' : ` ${fingerprint}`} is missing: ${place.name} is gone`,
    'its hosts let no other key in, so none is made and nothing is started',
    `put it back from a backup: ${place.howToPutBack}`,
    `if it is lost for good, the servers go on running, but dropfleet cannot log in to them: "${ACCEPT_LOSS}" makes another key and says how hosts come to know it`,
  ].join('; ');
}

async function hasServers(kubernetes: Pick<Client, 'list'>): Promise<boolean> {
  const { items } = await kubernetes.list(DROPLETS, {});
  return items.some(({ status }) => status?.server?.id !== undefined);
}

/** Why the key that is there is not to be used; undefined when it is the fleet's. */
function mixUpOf(place: KeyPlace, { current, previous }: KeyRing, known: string | undefined) {
  // A rotation that was cut off between the ring and the record: hosts know both.
  const own = [current, previous].flatMap(key => (key === undefined ? [] : [fingerprintOf(key)]));
  if (known === undefined || own.includes(known)) return undefined;
  return [
    `${place.name} is the SSH key ${fingerprintOf(current)}, but the fleet's is ${known}`,
    "the fleet's hosts let no other in, so nothing is started",
    `put the fleet's own back from a backup: ${place.howToPutBack}`,
    `if it is lost for good, or hosts do know the one that is there, "${ACCEPT_LOSS}" makes that one the fleet's and says how hosts come to know it`,
  ].join('; ');
}

const nothingIsLost = (place: KeyPlace, ring: KeyRing | undefined): ConfigurationError =>
  new ConfigurationError(
    ring === undefined
      ? 'no SSH key is lost: none was made yet, and the operator makes it when it starts'
      : `no SSH key is lost: ${place.name} is the fleet's own, ${fingerprintOf(ring.current)}; "dropfleet init --rotate-key" puts another in its place`,
  );
