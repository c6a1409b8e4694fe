import type { HostFault } from '../driver.ts';

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
