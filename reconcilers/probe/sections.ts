import { DATA_VOLUME_SECTION } from '../data-volume/section.ts';
import { HOST_SECTION } from '../host/section.ts';
import { LOAD_BALANCER_SECTION } from '../load-balancer/section.ts';
import { CONTAINERS_SECTION } from '../service/section.ts';
import type { ProbeSection } from './section.ts';

/** What hosts are probed for, in this order. */
export const PROBE_SECTIONS: readonly ProbeSection<unknown>[] = [
  HOST_SECTION,
  LOAD_BALANCER_SECTION,
  CONTAINERS_SECTION,
  DATA_VOLUME_SECTION,
];
