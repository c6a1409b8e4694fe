import { ipv6Address } from './networks.ts';
import type { DropletRecord, Effect } from './records.ts';

/** The droplet as an action leaves it. What the action makes beside it, a snapshot, is made elsewhere. */
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
      return { ...droplet, features: withFeature(droplet, 'backups', effect.enabled) };
    case 'snapshot':
    case 'none':
      return droplet;
  }
}

const withFeature = (droplet: DropletRecord, feature: string, has: boolean): readonly string[] =>
  has
    ? [...new Set([...droplet.features, feature])]
    : droplet.features.filter(existing => existing !== feature);
