import type {
  Cloud,
  CloudAccount,
  CloudAction,
  CloudDroplet,
  CloudFirewall,
  CloudKey,
  CloudReservedIP,
  CloudSize,
  CloudSnapshot,
  CloudVolume,
} from '../../clients/digitalocean/cloud.ts';
import { CloudError } from '../../clients/digitalocean/errors.ts';

/** The name of a call that Cloud offers. */
type CloudOperation = keyof Cloud;

/** A call that was made: its operation, and its arguments but for the signal. */
interface CloudCall {
  operation: CloudOperation;
  args: readonly unknown[];
}

/** A cloud in memory, for unit tests: it records every call, fails on demand, and nothing happens by itself. */
export interface FakeCloud extends Cloud {
  /** Every call so far, failed ones too. */
  readonly calls: CloudCall[];
  readonly droplets: Map<number, CloudDroplet>;
  readonly actions: Map<number, CloudAction>;
  readonly keys: Map<number, CloudKey>;
  readonly firewalls: Map<string, CloudFirewall>;
  /** Those that were made by name, besides those that droplets carry. */
  readonly tags: Set<string>;
  readonly snapshots: Map<string, CloudSnapshot>;
  readonly volumes: Map<string, CloudVolume>;
  readonly reservedIPs: Map<string, CloudReservedIP>;
  readonly sizes: CloudSize[];
  readonly account: CloudAccount;
  /** How often the operation was called. */
  count(operation: CloudOperation): number;
  /** The next call of that operation fails with `error`; `applied` carries it out all the same. */
  failNext(operation: CloudOperation, error: unknown, options?: { applied?: boolean }): void;
  /** From now on any call but of these operations is the test's failure. */
  allowOnly(...operations: CloudOperation[]): void;
  /** Puts a droplet there as if somebody had made it: active, with addresses. */
  addDroplet(droplet?: Partial<CloudDroplet>): CloudDroplet;
  /** The droplet is up: active, with addresses. */
  finishBoot(id: number): CloudDroplet;
  /** Changes a droplet behind everybody's back. */
  changeDroplet(id: number, change: Partial<CloudDroplet>): CloudDroplet;
  /** Puts a snapshot there as if somebody had taken it. */
  addSnapshot(snapshot?: Partial<CloudSnapshot>): CloudSnapshot;
  /** Puts a volume there as if somebody had made it. */
  addVolume(volume?: Partial<CloudVolume>): CloudVolume;
  /** The action ends; its droplet is unlocked and, when it completed, has changed or has a snapshot. */
  finishAction(id: number, status?: 'completed' | 'errored'): void;
}

/** The error by which the cloud refuses: `refusal(422, 'Droplet already has a pending event.')`. */
export function refusal(status: number, message: string, operation = 'fake'): CloudError {
  return new CloudError({ operation, status, message });
}

/** A new, empty cloud. Its ids count up from 1001. */
export function fakeCloud(): FakeCloud {
  let lastId = 1000;
  let allowed: ReadonlySet<CloudOperation> | undefined;
  const failures = new Map<CloudOperation, { error: unknown; applied: boolean }[]>();
  const effects = new Map<number, { droplet: number | undefined; carryOut: () => void }>();
  const calls: CloudCall[] = [];
  const droplets = new Map<number, CloudDroplet>();
  const actions = new Map<number, CloudAction>();
  const keys = new Map<number, CloudKey>();
  const firewalls = new Map<string, CloudFirewall>();
  const tags = new Set<string>();
  const snapshots = new Map<string, CloudSnapshot>();
  const volumes = new Map<string, CloudVolume>();
  const reservedIPs = new Map<string, CloudReservedIP>();
  const sizes = [...SIZES];
  const account = { uuid: 'account-1', dropletLimit: 25, status: 'active' };

  /** Records the call, then carries it out unless it is to fail. */
  async function call<T>(operation: CloudOperation, args: unknown[], carryOut: () => T): Promise<T> {
    calls.push({ operation, args });
    if (allowed?.has(operation) === false) throw new Error(`unexpected call of ${operation}`);
    const failure = failures.get(operation)?.shift();
    if (failure?.applied === false) throw failure.error;
    const result = carryOut();
    if (failure !== undefined) throw failure.error;
    return result;
  }

  function changeDroplet(id: number, change: Partial<CloudDroplet>): CloudDroplet {
    const droplet = { ...found(droplets, id), ...change };
    droplets.set(id, droplet);
    return droplet;
  }

  function addDroplet(droplet: Partial<CloudDroplet> = {}): CloudDroplet {
    const id = droplet.id ?? ++lastId;
    droplets.set(id, { ...newDroplet(id), ...addressesOf(id), status: 'active', ...droplet });
    return found(droplets, id);
  }

  /** A firewall may name only tags that exist: those that were made, and those that droplets were made with. */
  function storeFirewall(firewall: CloudFirewall): CloudFirewall {
    const known = new Set([...tags, ...[...droplets.values()].flatMap(droplet => droplet.tags)]);
    const unknown = [...firewall.tags, ...firewall.inbound.flatMap(rule => rule.tags)].find(
      tag => !known.has(tag),
    );
    if (unknown !== undefined) throw refusal(422, `tag ${unknown} does not exist`);
    firewalls.set(firewall.id, firewall);
    return firewall;
  }

  function addSnapshot(snapshot: Partial<CloudSnapshot> = {}): CloudSnapshot {
    const id = snapshot.id ?? `${++lastId}`;
    snapshots.set(id, { ...SNAPSHOT, name: `snapshot-${id}`, ...snapshot, id });
    return found(snapshots, id);
  }

  function addVolume(volume: Partial<CloudVolume> = {}): CloudVolume {
    const id = volume.id ?? `volume-${++lastId}`;
    volumes.set(id, { ...VOLUME, name: id, ...volume, id });
    return found(volumes, id);
  }

  const changeVolume = (id: string, change: Partial<CloudVolume>): void =>
    void volumes.set(id, { ...found(volumes, id), ...change });

  const act = (
    operation: CloudOperation,
    id: number,
    type: string,
    change: Partial<CloudDroplet>,
    args = [id] as unknown[],
  ) => begin(operation, id, type, () => void changeDroplet(id, change), args);

  /** @param carryOut what comes of the action when it completes. */
  function begin(
    operation: CloudOperation,
    id: number | undefined,
    type: string,
    carryOut: () => void,
    args: unknown[],
    check: () => void = () => undefined,
  ) {
    return call(operation, args, () => {
      check();
      if (id !== undefined && found(droplets, id).locked)
        throw refusal(422, 'Droplet already has a pending event.', operation);
      const action: CloudAction = { id: ++lastId, type, status: 'in-progress' };
      actions.set(action.id, action);
      effects.set(action.id, { droplet: id, carryOut });
      if (id !== undefined) changeDroplet(id, { locked: true });
      return action;
    });
  }

  return {
    calls,
    droplets,
    actions,
    keys,
    firewalls,
    tags,
    snapshots,
    volumes,
    reservedIPs,
    sizes,
    account,
    count: operation => calls.filter(call => call.operation === operation).length,
    failNext(operation, error, { applied = false } = {}) {
      failures.set(operation, [...(failures.get(operation) ?? []), { error, applied }]);
    },
    allowOnly: (...operations) => void (allowed = new Set(operations)),
    addDroplet,
    changeDroplet,
    addSnapshot,
    addVolume,
    finishBoot: id => changeDroplet(id, { status: 'active', ...addressesOf(id) }),
    finishAction(id, status = 'completed') {
      actions.set(id, { ...found(actions, id), status });
      const effect = effects.get(id);
      if (effect === undefined) throw new Error(`action ${id} is over already`);
      effects.delete(id);
      if (effect.droplet !== undefined) changeDroplet(effect.droplet, { locked: false });
      if (status === 'completed') effect.carryOut();
    },

    getAccount: () => call('getAccount', [], () => ({ ...account })),
    listDroplets: tag =>
      call('listDroplets', [tag], () =>
        [...droplets.values()].filter(droplet => tag === undefined || droplet.tags.includes(tag)),
      ),
    getDroplet: id => call('getDroplet', [id], () => found(droplets, id)),
    createDroplet: request =>
      call('createDroplet', [request], () => {
        const { name, region, size, image, tags } = request;
        const droplet = { ...newDroplet(++lastId), name, region, size, image, tags: [...tags] };
        droplets.set(droplet.id, droplet);
        return droplet;
      }),
    deleteDroplet: id => call('deleteDroplet', [id], () => remove(droplets, id)),
    shutdownDroplet: id => act('shutdownDroplet', id, 'shutdown', { status: 'off' }),
    powerOffDroplet: id => act('powerOffDroplet', id, 'power_off', { status: 'off' }),
    powerOnDroplet: id => act('powerOnDroplet', id, 'power_on', { status: 'active' }),
    powerCycleDroplet: id => act('powerCycleDroplet', id, 'power_cycle', {}),
    resizeDroplet: (id, size) => act('resizeDroplet', id, 'resize', { size }, [id, size]),
    snapshotDroplet: (id, name) =>
      begin('snapshotDroplet', id, 'snapshot', () => void addSnapshot({ name, dropletId: id }), [id, name]),
    getAction: id => call('getAction', [id], () => found(actions, id)),
    listSizes: () => call('listSizes', [], () => [...sizes]),
    listKeys: () => call('listKeys', [], () => [...keys.values()]),
    createKey: (name, publicKey) =>
      call('createKey', [name, publicKey], () => {
        const key = { id: ++lastId, name, publicKey, fingerprint: `fingerprint-of-${name}` };
        keys.set(key.id, key);
        return key;
      }),
    deleteKey: id => call('deleteKey', [id], () => remove(keys, id)),
    listFirewalls: () => call('listFirewalls', [], () => [...firewalls.values()]),
    createFirewall: request =>
      call('createFirewall', [request], () => {
        if ([...firewalls.values()].some(({ name }) => name === request.name))
          throw refusal(409, 'duplicate name', 'createFirewall');
        return storeFirewall({
          ...request,
          id: `firewall-${++lastId}`,
          dropletIds: [],
          createdAt: CREATED_AT,
        });
      }),
    updateFirewall: (id, request) =>
      call('updateFirewall', [id, request], () =>
        storeFirewall({ ...found(firewalls, id), ...request, dropletIds: [] }),
      ),
    deleteFirewall: id => call('deleteFirewall', [id], () => remove(firewalls, id)),
    createTag: name => call('createTag', [name], () => void tags.add(name)),
    tagDroplet: (id, tag) =>
      call('tagDroplet', [id, tag], () => {
        const { tags: before } = found(droplets, id);
        changeDroplet(id, { tags: [...new Set([...before, tag])] });
      }),
    untagDroplet: (id, tag) =>
      call('untagDroplet', [id, tag], () => {
        const { tags: before } = found(droplets, id);
        changeDroplet(id, { tags: before.filter(other => other !== tag) });
      }),
    tagSnapshot: (id, tag) =>
      call('tagSnapshot', [id, tag], () => {
        const snapshot = found(snapshots, id);
        snapshots.set(id, { ...snapshot, tags: [...new Set([...snapshot.tags, tag])] });
      }),
    listSnapshots: () => call('listSnapshots', [], () => [...snapshots.values()]),
    deleteSnapshot: id => call('deleteSnapshot', [id], () => remove(snapshots, id)),
    listVolumes: name =>
      call('listVolumes', [name], () =>
        [...volumes.values()].filter(volume => name === undefined || volume.name === name),
      ),
    createVolume: request =>
      call('createVolume', [request], () => {
        if (
          [...volumes.values()].some(({ name, region }) => name === request.name && region === request.region)
        )
          throw refusal(409, 'a volume with the same name already exists in this region', 'createVolume');
        return addVolume({ ...request });
      }),
    attachVolume: (id, droplet) =>
      begin(
        'attachVolume',
        droplet,
        'attach_volume',
        () => changeVolume(id, { dropletIds: [droplet] }),
        [id, droplet],
        () => {
          if (found(volumes, id).dropletIds.length > 0)
            throw refusal(422, 'the volume is already attached to a Droplet', 'attachVolume');
        },
      ),
    detachVolume: (id, droplet) =>
      begin(
        'detachVolume',
        droplet,
        'detach_volume',
        () => changeVolume(id, { dropletIds: [] }),
        [id, droplet],
        () => {
          if (!found(volumes, id).dropletIds.includes(droplet))
            throw refusal(404, 'not attached', 'detachVolume');
        },
      ),
    resizeVolume: (id, sizeGB) =>
      begin(
        'resizeVolume',
        found(volumes, id).dropletIds[0],
        'resize_volume',
        () => changeVolume(id, { sizeGB }),
        [id, sizeGB],
      ),
    tagVolume: (id, tag) =>
      call('tagVolume', [id, tag], () =>
        changeVolume(id, { tags: [...new Set([...found(volumes, id).tags, tag])] }),
      ),
    untagVolume: (id, tag) =>
      call('untagVolume', [id, tag], () =>
        changeVolume(id, { tags: found(volumes, id).tags.filter(other => other !== tag) }),
      ),
    deleteVolume: id =>
      call('deleteVolume', [id], () => {
        if (found(volumes, id).dropletIds.length > 0) throw refusal(409, 'it is attached', 'deleteVolume');
        remove(volumes, id);
      }),
    listReservedIPs: () => call('listReservedIPs', [], () => [...reservedIPs.values()]),
    createReservedIP: dropletId =>
      call('createReservedIP', [dropletId], () => {
        const { region } = found(droplets, dropletId);
        if ([...reservedIPs.values()].some(other => other.dropletId === dropletId))
          throw refusal(422, 'The Droplet already has a reserved IP assigned to it.', 'createReservedIP');
        const address = `198.51.100.${++lastId % 256}`;
        const reserved = { address, region, locked: false, dropletId };
        reservedIPs.set(address, reserved);
        return reserved;
      }),
    assignReservedIP: (address, dropletId) =>
      begin(
        'assignReservedIP',
        dropletId,
        'assign_ip',
        () => void reservedIPs.set(address, { ...found(reservedIPs, address), dropletId }),
        [address, dropletId],
      ),
    deleteReservedIP: address => call('deleteReservedIP', [address], () => remove(reservedIPs, address)),
  };
}

const CREATED_AT = '2026-01-01T00:00:00Z';

const SIZES: readonly CloudSize[] = [
  { slug: 's-1vcpu-1gb', vcpus: 1, memory: 1024, disk: 25, priceMonthly: 6 },
  { slug: 's-1vcpu-2gb', vcpus: 1, memory: 2048, disk: 50, priceMonthly: 12 },
  { slug: 's-2vcpu-2gb', vcpus: 2, memory: 2048, disk: 60, priceMonthly: 18 },
  { slug: 's-2vcpu-4gb', vcpus: 2, memory: 4096, disk: 80, priceMonthly: 24 },
].map(size => ({ ...size, available: true, regions: ['nyc3', 'fra1'] }));

const SNAPSHOT: Omit<CloudSnapshot, 'id' | 'name'> = {
  dropletId: 1001,
  tags: [],
  createdAt: CREATED_AT,
  sizeGB: 2.5,
  minDisk: 25,
  regions: ['nyc3'],
};

const VOLUME: Omit<CloudVolume, 'id' | 'name'> = {
  region: 'nyc3',
  sizeGB: 10,
  tags: [],
  dropletIds: [],
  createdAt: CREATED_AT,
};

const newDroplet = (id: number): CloudDroplet => ({
  id,
  name: `droplet-${id}`,
  status: 'new',
  locked: false,
  size: 's-1vcpu-1gb',
  disk: 25,
  region: 'nyc3',
  image: 'ubuntu-24-04-x64',
  tags: [],
  createdAt: CREATED_AT,
});

/** Addresses, different for ids that differ by less than 65,536. */
const addressesOf = (id: number): Pick<CloudDroplet, 'publicAddress' | 'privateAddress'> => ({
  publicAddress: `203.0.${(id >> 8) & 255}.${id & 255}`,
  privateAddress: `10.0.${(id >> 8) & 255}.${id & 255}`,
});

function found<K, V>(things: ReadonlyMap<K, V>, id: K): V {
  const thing = things.get(id);
  if (thing === undefined) throw refusal(404, 'The resource you were accessing could not be found.');
  return thing;
}

function remove<K, V>(things: Map<K, V>, id: K): void {
  found(things, id);
  things.delete(id);
}
