import { ipv6Address } from '../network/networks.ts';
import type { DropletRecord, Effect } from '../records/records.ts';

/** The droplet as an action leaves it. What the action does beside it is in carry-out.ts. */
export function afterEffect(droplet: DropletRecord, effect: Effect): DropletRecord {
  switch (effect.kind) {
    case 'boot':
    case 'restart':
      return { ...droplet, status: 'active' };
    case 'status':
      return { ...droplet, status: effect.status };
    case 'resize':
      return { ...droplet, size: effect.size, disk: effect.disk };
    case 'rename':
      return { ...droplet, name: effect.name };
    case 'rebuild':
      return {
        ...droplet,
        image: effect.image,
        status: 'active',
        installations: droplet.installations + 1,
      };
    case 'ipv6':
      return {
        ...droplet,
        features: withFeature(droplet, 'ipv6', true),
        addresses: { ...droplet.addresses, ipv6: ipv6Address(droplet.id) },
      };
    case 'backups':
      return { ...droplet, features: withFeature(droplet, 'backups', effect.policy !== null) };
    case 'attach-volume':
      return { ...droplet, volumeIds: [...new Set([...droplet.volumeIds, effect.volumeId])] };
    case 'detach-volume':
      return { ...droplet, volumeIds: droplet.volumeIds.filter(id => id !== effect.volumeId) };
    case 'snapshot':
    case 'grow-volume':
    case 'assign-ip':
    case 'unassign-ip':
    case 'transfer-image':
    case 'convert-image':
    case 'destroy':
    case 'none':
      return droplet;
  }
}

const withFeature = (droplet: DropletRecord, feature: string, has: boolean): readonly string[] =>
  has
    ? [...new Set([...droplet.features, feature])]
    : droplet.features.filter(existing => existing !== feature);
