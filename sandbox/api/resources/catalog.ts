import {
  REGIONS,
  REGION_SLUGS,
  SIZES,
  SIZE_SLUGS,
  regionBySlug,
  type Region,
  type Size,
} from '../../account/catalog.ts';
import { listReply } from '../pagination.ts';
import type { Route } from '../route.ts';

/** What DigitalOcean offers: sizes and regions. */
export const catalogRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v2/sizes',
    operation: 'sizes.list',
    handle: call => listReply(call, 'sizes', SIZES, sizeView),
  },
  {
    method: 'GET',
    path: '/v2/regions',
    operation: 'regions.list',
    handle: call => listReply(call, 'regions', REGIONS, regionView),
  },
];

export const sizeView = (size: Size) => ({
  slug: size.slug,
  memory: size.memory,
  vcpus: size.vcpus,
  disk: size.disk,
  transfer: size.transfer,
  price_monthly: size.priceMonthly,
  price_hourly: size.priceHourly,
  regions: REGION_SLUGS,
  available: true,
  description: size.description,
  disk_info: [{ type: 'local', size: { amount: size.disk, unit: 'gib' } }],
});

const FEATURES = ['backups', 'ipv6', 'metadata', 'install_agent', 'storage', 'image_transfer'];

const regionView = (region: Region) => ({
  name: region.name,
  slug: region.slug,
  features: FEATURES,
  available: true,
  sizes: SIZE_SLUGS,
});

/** The region that a record names; records hold only slugs that were checked. */
export const regionViewOf = (slug: string) => regionView(regionBySlug(slug)!);
