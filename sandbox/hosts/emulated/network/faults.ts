import type { HostFault, HostPeer } from '../../driver.ts';
import type { Conditions } from './pump.ts';

/** The faults of one machine. */
export interface Faults {
  set(fault: HostFault): void;
  remove(type: HostFault['type']): void;
  clear(): void;
  all(): readonly HostFault[];
  get<T extends HostFault['type']>(type: T): Extract<HostFault, { type: T }> | undefined;
  /** What reaches the machine from `peer`, or, outgoing, what reaches the peer from it. */
  conditions(peer: HostPeer, direction: 'incoming' | 'outgoing'): Conditions;
  /** Whether nothing at all passes between it and `peer`; a machine that is frozen still takes connections. */
  isCutFrom(peer: HostPeer): boolean;
  /** Resolves at the next change. */
  changed(): Promise<void>;
}

export function createFaults(): Faults {
  const faults = new Map<HostFault['type'], HostFault>();
  let waiting: (() => void)[] = [];
  const change = (): void => {
    for (const wake of waiting.splice(0)) wake();
  };
  const get = <T extends HostFault['type']>(type: T) =>
    faults.get(type) as Extract<HostFault, { type: T }> | undefined;
  const isCut = (peer: HostPeer): boolean => {
    const cut = get('cut');
    return cut !== undefined && (cut.peer === undefined || cut.peer === peer);
  };
  return {
    get,
    isCutFrom: isCut,
    set(fault) {
      faults.set(fault.type, fault);
      change();
    },
    remove(type) {
      faults.delete(type);
      change();
    },
    clear() {
      faults.clear();
      change();
    },
    all: () => [...faults.values()],
    conditions: (peer, direction) => ({
      isBlocked: get('freeze') !== undefined || get('crash') !== undefined || isCut(peer),
      delayMs: direction === 'incoming' ? (get('delay')?.ms ?? 0) : 0,
      lossPercent: direction === 'incoming' ? (get('loss')?.percent ?? 0) : 0,
    }),
    changed: () => new Promise(resolve => waiting.push(resolve)),
  };
}

/** What passes both. */
export const joined = (a: Conditions, b: Conditions): Conditions => ({
  isBlocked: a.isBlocked || b.isBlocked,
  delayMs: a.delayMs + b.delayMs,
  lossPercent: 100 - ((100 - a.lossPercent) * (100 - b.lossPercent)) / 100,
});
