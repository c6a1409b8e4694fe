import type { ImageRecord } from './records/records.ts';

/** A size as DigitalOcean lists it. */
export interface Size {
  readonly slug: string;
  /** MB */
  readonly memory: number;
  readonly vcpus: number;
  /** GB */
  readonly disk: number;
  /** TB a month */
  readonly transfer: number;
  /** US dollars for a whole month. */
  readonly priceMonthly: number;
  /** US dollars; 672 hours make the monthly price, which is the most a month can cost. */
  readonly priceHourly: number;
  readonly description: string;
}

export interface Region {
  readonly slug: string;
  readonly name: string;
}

type SizeRow = readonly [
  slug: string,
  memory: number,
  vcpus: number,
  disk: number,
  transfer: number,
  monthly: number,
];

/** Hours after which a month costs its whole price. */
export const BILLED_HOURS = 672;

const GB = 1024;

// DigitalOcean's public price list, as of 2025: https://www.digitalocean.com/pricing/droplets
const SIZE_ROWS: Readonly<Record<string, readonly SizeRow[]>> = {
  Basic: [
    ['s-1vcpu-512mb-10gb', 512, 1, 10, 0.5, 4],
    ['s-1vcpu-1gb', GB, 1, 25, 1, 6],
    ['s-1vcpu-2gb', 2 * GB, 1, 50, 2, 12],
    ['s-2vcpu-2gb', 2 * GB, 2, 60, 3, 18],
    ['s-2vcpu-4gb', 4 * GB, 2, 80, 4, 24],
    ['s-4vcpu-8gb', 8 * GB, 4, 160, 5, 48],
    ['s-8vcpu-16gb', 16 * GB, 8, 320, 6, 96],
  ],
  'Basic AMD': [
    ['s-1vcpu-1gb-amd', GB, 1, 25, 1, 7],
    ['s-1vcpu-2gb-amd', 2 * GB, 1, 50, 2, 14],
    ['s-2vcpu-2gb-amd', 2 * GB, 2, 60, 3, 21],
    ['s-2vcpu-4gb-amd', 4 * GB, 2, 80, 4, 28],
    ['s-2vcpu-8gb-amd', 8 * GB, 2, 100, 5, 42],
    ['s-4vcpu-8gb-amd', 8 * GB, 4, 160, 5, 56],
    ['s-4vcpu-16gb-amd', 16 * GB, 4, 200, 8, 84],
    ['s-8vcpu-16gb-amd', 16 * GB, 8, 320, 6, 112],
    ['s-8vcpu-32gb-amd', 32 * GB, 8, 400, 10, 168],
  ],
  'Basic Intel': [
    ['s-1vcpu-1gb-intel', GB, 1, 25, 1, 7],
    ['s-1vcpu-2gb-intel', 2 * GB, 1, 50, 2, 14],
    ['s-2vcpu-2gb-intel', 2 * GB, 2, 60, 3, 21],
    ['s-2vcpu-4gb-intel', 4 * GB, 2, 80, 4, 28],
    ['s-4vcpu-8gb-intel', 8 * GB, 4, 160, 5, 56],
    ['s-8vcpu-16gb-intel', 16 * GB, 8, 320, 6, 112],
    ['s-1vcpu-1gb-35gb-intel', GB, 1, 35, 1, 8],
    ['s-1vcpu-2gb-70gb-intel', 2 * GB, 1, 70, 2, 16],
    ['s-2vcpu-2gb-90gb-intel', 2 * GB, 2, 90, 3, 24],
    ['s-2vcpu-4gb-120gb-intel', 4 * GB, 2, 120, 4, 32],
    ['s-2vcpu-8gb-160gb-intel', 8 * GB, 2, 160, 5, 48],
    ['s-4vcpu-8gb-240gb-intel', 8 * GB, 4, 240, 6, 64],
    ['s-4vcpu-16gb-320gb-intel', 16 * GB, 4, 320, 8, 96],
  ],
  'CPU-Optimized': [
    ['c-2', 4 * GB, 2, 25, 4, 42],
    ['c2-2vcpu-4gb', 4 * GB, 2, 50, 4, 47],
    ['c-4', 8 * GB, 4, 50, 5, 84],
    ['c2-4vcpu-8gb', 8 * GB, 4, 100, 5, 94],
    ['c-8', 16 * GB, 8, 100, 6, 168],
    ['c2-8vcpu-16gb', 16 * GB, 8, 200, 6, 188],
    ['c-16', 32 * GB, 16, 200, 7, 336],
    ['c-32', 64 * GB, 32, 400, 9, 672],
  ],
  'General Purpose': [
    ['g-2vcpu-8gb', 8 * GB, 2, 25, 4, 63],
    ['g-4vcpu-16gb', 16 * GB, 4, 50, 5, 126],
    ['g-8vcpu-32gb', 32 * GB, 8, 100, 6, 252],
    ['g-16vcpu-64gb', 64 * GB, 16, 200, 7, 504],
    ['g-32vcpu-128gb', 128 * GB, 32, 400, 8, 1008],
  ],
  'Memory-Optimized': [
    ['m-2vcpu-16gb', 16 * GB, 2, 50, 4, 84],
    ['m-4vcpu-32gb', 32 * GB, 4, 100, 6, 168],
    ['m-8vcpu-64gb', 64 * GB, 8, 200, 7, 336],
    ['m-16vcpu-128gb', 128 * GB, 16, 400, 8, 672],
    ['m-24vcpu-192gb', 192 * GB, 24, 600, 9, 1008],
    ['m-32vcpu-256gb', 256 * GB, 32, 800, 10, 1344],
  ],
};

/** Every size; every region offers all of them. */
export const SIZES: readonly Size[] = Object.entries(SIZE_ROWS).flatMap(([description, rows]) =>
  rows.map(([slug, memory, vcpus, disk, transfer, priceMonthly]) => ({
    slug,
    memory,
    vcpus,
    disk,
    transfer,
    priceMonthly,
    priceHourly: Number((priceMonthly / BILLED_HOURS).toFixed(5)),
    description,
  })),
);

export const REGIONS: readonly Region[] = [
  { slug: 'nyc1', name: 'New York 1' },
  { slug: 'nyc2', name: 'New York 2' },
  { slug: 'nyc3', name: 'New York 3' },
  { slug: 'sfo2', name: 'San Francisco 2' },
  { slug: 'sfo3', name: 'San Francisco 3' },
  { slug: 'ams3', name: 'Amsterdam 3' },
  { slug: 'sgp1', name: 'Singapore 1' },
  { slug: 'lon1', name: 'London 1' },
  { slug: 'fra1', name: 'Frankfurt 1' },
  { slug: 'tor1', name: 'Toronto 1' },
  { slug: 'blr1', name: 'Bangalore 1' },
  { slug: 'syd1', name: 'Sydney 1' },
  { slug: 'atl1', name: 'Atlanta 1' },
];

export const REGION_SLUGS: readonly string[] = REGIONS.map(region => region.slug);
export const SIZE_SLUGS: readonly string[] = SIZES.map(size => size.slug);

type ImageRow = readonly [
  id: number,
  slug: string,
  name: string,
  distribution: string,
  kind: 'distribution' | 'application',
];

// As of 2025; what is no longer offered is still asked for by programs that were written before.
const IMAGE_ROWS: readonly ImageRow[] = [
  [129211873, 'ubuntu-20-04-x64', '20.04 (LTS) x64', 'Ubuntu', 'distribution'],
  [155133621, 'ubuntu-22-04-x64', '22.04 (LTS) x64', 'Ubuntu', 'distribution'],
  [158344092, 'ubuntu-24-04-x64', '24.04 (LTS) x64', 'Ubuntu', 'distribution'],
  [141200411, 'debian-11-x64', '11 x64', 'Debian', 'distribution'],
  [159651797, 'debian-12-x64', '12 x64', 'Debian', 'distribution'],
  [201453980, 'debian-13-x64', '13 x64', 'Debian', 'distribution'],
  [187597112, 'fedora-42-x64', '42 x64', 'Fedora', 'distribution'],
  [160232537, 'centos-stream-9-x64', 'Stream 9 x64', 'CentOS', 'distribution'],
  [150118327, 'rockylinux-8-x64', '8 x64', 'Rocky Linux', 'distribution'],
  [180012104, 'rockylinux-9-x64', '9 x64', 'Rocky Linux', 'distribution'],
  [191004127, 'docker-20-04', 'Docker on Ubuntu 22.04', 'Ubuntu', 'application'],
  [157944036, 'lemp-20-04', 'LEMP on Ubuntu 22.04', 'Ubuntu', 'application'],
];

/** DigitalOcean's own images; their ids are made up, and above any that a snapshot gets. */
export const IMAGES: readonly ImageRecord[] = IMAGE_ROWS.map(([id, slug, name, distribution, kind]) => ({
  id,
  name,
  distribution,
  slug,
  kind,
  regions: REGION_SLUGS,
  createdAt: Date.UTC(2026, 0, 5, 12),
  minDiskSize: 7,
  sizeGigabytes: 0.66,
  description: kind === 'distribution' ? `${distribution} ${name}` : name,
  tags: [],
}));

const SIZES_BY_SLUG = new Map(SIZES.map(size => [size.slug, size]));
const REGIONS_BY_SLUG = new Map(REGIONS.map(region => [region.slug, region]));

export const sizeBySlug = (slug: unknown): Size | undefined =>
  typeof slug === 'string' ? SIZES_BY_SLUG.get(slug) : undefined;

export const regionBySlug = (slug: unknown): Region | undefined =>
  typeof slug === 'string' ? REGIONS_BY_SLUG.get(slug) : undefined;
