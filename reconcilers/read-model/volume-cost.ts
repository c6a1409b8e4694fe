import type { Project } from '../../crds/project.ts';

/** DigitalOcean's list price of block storage, in US dollars for a GB and a month. */
const PRICE = 0.1;

/** What a volume costs for a month, in US dollars. */
export const volumeCost = (sizeGB: number): number => sizeGB * PRICE;

/** Such as `10 GB at $1.00 a month`. */
export const priced = (sizeGB: number): string => `${sizeGB} GB at $${volumeCost(sizeGB).toFixed(2)} a month`;

/** How much of its volume a project pays for, in GB; 0 without one. */
export const volumeSizeOf = ({ spec, status }: Pick<Project, 'spec' | 'status'>): number =>
  status?.dataVolume === undefined
    ? 0
    : Math.max(spec.dataVolume?.sizeGB ?? 0, status.dataVolume.sizeGB ?? 0);
