import type { HostFault } from '../driver.ts';
import type { Rack } from './rack.ts';

/** The faults of one machine, at most one of a type. */
export type Faults = readonly HostFault[];

type HostFaultOf<T extends HostFault['type']> = Extract<HostFault, { readonly type: T }>;

export const withFault = (faults: Faults, fault: HostFault): Faults => [
  ...without(faults, fault.type),
  fault,
];

export const without = (faults: Faults, ...types: readonly HostFault['type'][]): Faults =>
  faults.filter(({ type }) => !types.includes(type));

/** The fault of a type, when there is one. */
export const faultOf = <T extends HostFault['type']>(faults: Faults, type: T): HostFaultOf<T> | undefined =>
  faults.find((fault): fault is HostFaultOf<T> => fault.type === type);

/** They outlive the sandbox's process, or a machine that crashed would come back with it. */
export async function readFaults({ hypervisor, faults }: Rack, id: number): Promise<Faults> {
  const known = faults.get(id);
  if (known !== undefined) return known;
  const text = await hypervisor.run(String(id), ['faults', String(id)]);
  const kept = text === '' ? [] : (JSON.parse(text) as Faults);
  faults.set(id, kept);
  return kept;
}

export async function keepFaults({ hypervisor, faults }: Rack, id: number, kept: Faults): Promise<void> {
  if (kept.length === 0 && faults.get(id)?.length === 0) return;
  await hypervisor.run(String(id), ['keep-faults', String(id)], { stdin: JSON.stringify(kept) });
  faults.set(id, kept);
}
