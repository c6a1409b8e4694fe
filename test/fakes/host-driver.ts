import type { HostDriver, HostFault, HostSpec } from '../../sandbox/hosts/driver.ts';
import { HostError } from '../../sandbox/hosts/driver.ts';

/** A driver without machines: it records what it is told, fails on demand, and can be held up. */
export interface FakeHostDriver extends HostDriver {
  /** Each call as a line, such as `converge 412000001 on`. */
  readonly calls: string[];
  /** What each machine was last made equal to. */
  readonly machines: ReadonlyMap<number, HostSpec>;
  /** What it claims to have from an earlier life. */
  left: { hosts: number[]; snapshots: number[]; volumes: string[] };
  /** The next call of that method fails, once for each time. */
  failNext(method: string, message: string): void;
  /** Calls wait from now on until they are released. */
  hold(): () => void;
}

export function fakeHostDriver(): FakeHostDriver {
  const calls: string[] = [];
  const machines = new Map<number, HostSpec>();
  const failures: { method: string; message: string }[] = [];
  const busy = new Set<number>();
  const faults = new Map<number, HostFault[]>();
  let gate: Promise<void> = Promise.resolve();

  async function call(method: string, id: number | undefined, ...rest: (string | number)[]): Promise<void> {
    calls.push([method, id, ...rest].filter(part => part !== undefined).join(' '));
    if (id !== undefined && busy.has(id)) throw new Error(`${method} ${id}: the machine is being worked on`);
    if (id !== undefined) busy.add(id);
    try {
      await gate;
      const index = failures.findIndex(failure => failure.method === method);
      if (index >= 0) throw new HostError(failures.splice(index, 1)[0]!.message);
    } finally {
      if (id !== undefined) busy.delete(id);
    }
  }

  const driver: FakeHostDriver = {
    kind: 'emulated',
    publicRange: '198.18.0.0/15',
    sshPort: 22,
    operatorAddress: '198.18.0.1',
    calls,
    machines,
    left: { hosts: [], snapshots: [], volumes: [] },
    failNext: (method, message) => void failures.push({ method, message }),
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    inventory: async () => driver.left,
    async converge(spec) {
      await call('converge', spec.id, spec.power);
      machines.set(spec.id, spec);
    },
    restart: (spec, how) => call('restart', spec.id, how),
    async destroy(id) {
      await call('destroy', id);
      machines.delete(id);
    },
    async takeSnapshot(id, snapshot) {
      await call('takeSnapshot', id, snapshot);
      return 1.5;
    },
    destroySnapshot: snapshot => call('destroySnapshot', undefined, snapshot),
    copyVolume: (from, to) => call('copyVolume', undefined, from, to),
    destroyVolume: id => call('destroyVolume', undefined, id),
    async setFault(id, fault) {
      await call('setFault', id, fault.type);
      faults.set(id, [...(faults.get(id) ?? []).filter(({ type }) => type !== fault.type), fault]);
    },
    faultsOf: async id => faults.get(id) ?? [],
    async clearFaults(id, type) {
      await call('clearFaults', id, ...(type === undefined ? [] : [type]));
      faults.set(id, type === undefined ? [] : (faults.get(id) ?? []).filter(fault => fault.type !== type));
    },
    reset: () => call('reset', undefined),
    close: () => call('close', undefined),
  };
  return driver;
}
