import type { CloudSnapshot } from '../../clients/digitalocean/cloud.ts';

export type SnapshotParts = Partial<CloudSnapshot>;

/** A finished snapshot that was taken at that time, in ms. */
export const aSnapshot = (id: number, at: number, parts: SnapshotParts = {}): CloudSnapshot => ({
  id: `${id}`,
  name: `snapshot-${id}`,
  dropletId: 7,
  tags: [],
  createdAt: new Date(at).toISOString(),
  sizeGB: 2,
  minDisk: 25,
  regions: ['nyc3'],
  ...parts,
});
