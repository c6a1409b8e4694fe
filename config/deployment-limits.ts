import type { ServiceDeploymentSpec } from '../crds/service-deployment.ts';
import type { ServiceFile } from './deployment-file.ts';

const UNITS = ['k', 'm', 'g'] as const;

/**
 * An amount of memory as the engines take it: `512m` for `512m`, `512MB` and `512Mi`. What is no whole number of its
 * unit is one of the unit below, such as `1536m` for `1.5g`.
 */
export function memoryIn(written: string): string {
  const number = Number.parseFloat(written);
  const unit = UNITS.findIndex(letter => written.toLowerCase().includes(letter));
  if (Number.isInteger(number) || unit === 0) return `${Math.ceil(number)}${UNITS[unit]}`;
  return `${Math.ceil(number * 1024)}${UNITS[unit - 1]}`;
}

/** That many bytes. */
export const bytesIn = (memory: string): number =>
  Number.parseFloat(memory) * 1024 ** (UNITS.findIndex(letter => memory.endsWith(letter)) + 1);

/** `2g` and `2GB` are 2048: units of 1,048,576 bytes. */
export const megabytesIn = (written: string): number => Math.round(bytesIn(memoryIn(written)) / 1024 ** 2);

/** A number of CPUs, to a thousandth. */
export const cpusIn = (written: string | number): number => Number(Number(written).toFixed(3));

/** The volumes in either spelling. */
export function volumesIn(
  written: NonNullable<ServiceFile['volumes']>,
): NonNullable<ServiceDeploymentSpec['volumes']> {
  if (!Array.isArray(written)) return Object.entries(written).map(([name, path]) => ({ name, path }));
  return written.map(volume => {
    const colon = volume.indexOf(':');
    return { name: volume.slice(0, colon), path: volume.slice(colon + 1) };
  });
}
