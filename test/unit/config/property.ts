import * as fc from 'fast-check';

/** Checks a property; FC_SEED repeats the run that failed, whose seed the failure names. */
export function checked<T>(property: fc.IProperty<T>): void {
  const seed = process.env['FC_SEED'];
  fc.assert(property, { verbose: true, ...(seed === undefined ? {} : { seed: Number(seed) }) });
}
