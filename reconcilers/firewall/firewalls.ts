import type { FirewallList } from '../../clients/digitalocean/firewall-list.ts';
import type { AdminAccess } from './admin-access.ts';
import type { FirewallTimings } from './concern.ts';

/** The operator's way to the firewalls. */
export interface Firewalls {
  readonly list: FirewallList;
  /** Whom SSH lets in at this moment. */
  readonly adminAccess: (signal: AbortSignal) => Promise<AdminAccess>;
  /** Where sshd answers. */
  readonly sshPort: number;
  readonly timings: FirewallTimings;
}
