// What the sandbox keeps of each resource. Records are never changed in place: a change puts a new record, so
// that the state can take it back and the journal can write it down. All times are milliseconds since the epoch.

/** A droplet with the lags that faults gave it. */
export interface DropletRecord {
  readonly id: number;
  readonly name: string;
  readonly createdAt: number;
  readonly status: 'new' | 'active' | 'off';
  /** The size slug. */
  readonly size: string;
  /** GB; it grows with a resize that takes the disk along, and never shrinks. */
  readonly disk: number;
  /** The region slug. */
  readonly region: string;
  /** A copy: the droplet keeps showing its image after the image is gone. */
  readonly image: ImageRecord;
  /** In the order they were given, spelled as the account first spelled them. */
  readonly tags: readonly string[];
  readonly features: readonly string[];
  /** How often its files were made from an image: by its create, and by each rebuild. */
  readonly installations: number;
  readonly vpc: string;
  readonly volumeIds: readonly string[];
  /** The public keys that were named when it was made, as lines of OpenSSH's format. */
  readonly authorizedKeys: readonly string[];
  readonly userData?: string;
  /** The action under way, which locks the droplet. */
  readonly actionId?: number;
  /** When the stretch of use that it is being billed for began. */
  readonly billedFrom: number;
  /** Set aside for it from the start, but shown only once it has booted. */
  readonly addresses: Addresses;
  /** Lists leave it out until then. */
  readonly listedAt?: number;
  /** Reading it by id answers 404 until then. */
  readonly readableAt?: number;
  /** It is gone from then on. */
  readonly goneAt?: number;
}

/** Where a droplet answers. */
export interface Addresses {
  readonly public: string;
  readonly private: string;
  readonly ipv6?: string;
}

/** An image of DigitalOcean's, or a snapshot of the account's. */
export interface ImageRecord {
  readonly id: number;
  readonly name: string;
  readonly distribution: string;
  /** None for snapshots. */
  readonly slug: string | null;
  /** What the `type` filter of the image list goes by. */
  readonly kind: 'distribution' | 'application' | 'snapshot';
  readonly regions: readonly string[];
  readonly createdAt: number;
  /** GB */
  readonly minDiskSize: number;
  /** GB */
  readonly sizeGigabytes: number;
  readonly description: string;
  readonly tags: readonly string[];
  /** The droplet that a snapshot was taken of. */
  readonly dropletId?: number;
}

/** What an action does when it ends, beside unlocking its droplet. */
export type Effect =
  | { readonly kind: 'boot' }
  | { readonly kind: 'restart'; readonly how: 'graceful' | 'hard' }
  | { readonly kind: 'status'; readonly status: 'active' | 'off' }
  | { readonly kind: 'resize'; readonly size: string; readonly disk: number }
  | { readonly kind: 'rename'; readonly name: string }
  | { readonly kind: 'snapshot'; readonly name: string; readonly id: number }
  | { readonly kind: 'rebuild'; readonly image: ImageRecord }
  | { readonly kind: 'ipv6' }
  | { readonly kind: 'backups'; readonly enabled: boolean }
  | { readonly kind: 'none' };

/** Something under way on a droplet, or over. */
export interface ActionRecord {
  readonly id: number;
  readonly type: string;
  readonly status: 'in-progress' | 'completed' | 'errored';
  readonly startedAt: number;
  /** When it ends, known from its start. */
  readonly endsAt: number;
  readonly dropletId: number;
  /** The region slug. */
  readonly region: string;
  readonly effect: Effect;
  /** It will end as errored, without its effect. */
  readonly fails: boolean;
}

export interface KeyRecord {
  readonly id: number;
  readonly name: string;
  readonly fingerprint: string;
  readonly publicKey: string;
  /** Reading it answers 404, and droplets refuse it, until then. */
  readonly readyAt?: number;
}

export interface TagRecord {
  readonly name: string;
}

/** One side's rule, as it came, with ports in the spelling that the API answers with. */
export type FirewallRule = Readonly<Record<string, unknown>>;

export interface FirewallRecord {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly dropletIds: readonly number[];
  readonly tags: readonly string[];
  readonly inboundRules: readonly FirewallRule[];
  readonly outboundRules: readonly FirewallRule[];
  /** It is `waiting` until then. */
  readonly appliedAt: number;
}

export interface VpcRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly region: string;
  /** CIDR */
  readonly ipRange: string;
  readonly createdAt: number;
  readonly default: boolean;
}

/** A stretch of time for which a droplet is paid at one size. */
export interface UsageRecord {
  readonly dropletId: number;
  readonly name: string;
  readonly size: string;
  readonly from: number;
  /** None while it runs. */
  readonly to?: number;
}

/** The numbers that must not be given twice, and what else outlives a restart. */
export interface CountersRecord {
  readonly droplet: number;
  readonly action: number;
  readonly key: number;
  readonly image: number;
  readonly address: number;
  /** The public address given back last. */
  readonly released?: string;
}

/** Every kind of record, by the name of its collection. */
export interface Records {
  droplets: DropletRecord;
  actions: ActionRecord;
  keys: KeyRecord;
  snapshots: ImageRecord;
  tags: TagRecord;
  firewalls: FirewallRecord;
  vpcs: VpcRecord;
  usage: UsageRecord;
  counters: CountersRecord;
}

export type Collection = keyof Records;
