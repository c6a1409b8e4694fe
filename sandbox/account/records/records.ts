// What the sandbox keeps of each resource. Records are never changed in place: a change puts a new record, so
// that the state can take it back and the journal can write it down. All times are milliseconds since the epoch.

import type { ChargeRecord, UsageRecord } from './billing-records.ts';
import type { DnsRecord, DomainRecord } from './dns-records.ts';
import type { VolumeRecord, VolumeSnapshotRecord } from './storage-records.ts';

/** Whose everything is: made with a state, and never changed. Each is 32 hexadecimal digits. */
export interface AccountRecord {
  readonly uuid: string;
  readonly teamUuid: string;
}

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
  /** It was made without public networking: its public address is set aside for its machine, and shown to nobody. */
  readonly isPrivate?: true;
  /** How often its files were made from an image: by its create, and by each rebuild. */
  readonly installations: number;
  readonly vpc: string;
  readonly volumeIds: readonly string[];
  /** The public keys that were named when it was made, as lines of OpenSSH's format. */
  readonly authorizedKeys: readonly string[];
  readonly userData?: string;
  /** Of a droplet with the feature `backups`. */
  readonly backups?: BackupSchedule;
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
  /** Its machine is not made before then, and nobody waits for it. */
  readonly machineAt?: number;
  /** It is gone from then on. */
  readonly goneAt?: number;
}

/** Where a droplet answers. */
export interface Addresses {
  readonly public: string;
  readonly private: string;
  readonly ipv6?: string;
}

/** When a droplet's backups are taken. */
export interface BackupSchedule {
  readonly policy: BackupPolicy;
  /** The beginning of the window in which the next one is taken. */
  readonly nextAt: number;
}

/** A weekday is only what a weekly plan has. Hours are of UTC. */
export interface BackupPolicy {
  readonly plan: 'daily' | 'weekly';
  readonly weekday?: 'SUN' | 'MON' | 'TUE' | 'WED' | 'THU' | 'FRI' | 'SAT';
  readonly hour: number;
}

/** An image of DigitalOcean's, or one of the account's: a snapshot, a backup, or one that was uploaded. */
export interface ImageRecord {
  readonly id: number;
  readonly name: string;
  readonly distribution: string;
  /** None for the account's own. */
  readonly slug: string | null;
  /** The first two are DigitalOcean's, the others the account's. */
  readonly kind: 'distribution' | 'application' | 'snapshot' | 'backup' | 'custom';
  readonly regions: readonly string[];
  readonly createdAt: number;
  /** GB */
  readonly minDiskSize: number;
  /** GB */
  readonly sizeGigabytes: number;
  readonly description: string;
  readonly tags: readonly string[];
  /** The droplet that a snapshot or a backup was taken of. */
  readonly dropletId?: number;
  /** It is pending, and nothing can be made of it, until then. */
  readonly pendingUntil?: number;
  /** The action under way. */
  readonly actionId?: number;
}

/** A public address that stays the account's; floating IP is its older name. */
export interface ReservedIpRecord {
  readonly ip: string;
  /** The region slug; only droplets of the same region can have it. */
  readonly region: string;
  /** The droplet that it leads to. */
  readonly dropletId?: number;
  /** The action under way, which locks the address. */
  readonly actionId?: number;
}

/** A group of resources, for people. One of them is the default, where new resources go. */
export interface ProjectRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly purpose: string;
  readonly environment: string;
  readonly default: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Which project a resource is in. */
export interface AssignmentRecord {
  /** `do:droplet:412000001` */
  readonly urn: string;
  readonly projectId: string;
  readonly assignedAt: number;
}

/** A droplet destroyed together with what belongs to it; kept so that its outcome can be asked for. */
export interface DestructionRecord {
  readonly dropletId: number;
  readonly name: string;
  readonly resources: readonly DoomedResource[];
  /** When it failed or succeeded; none while it is under way. */
  readonly completedAt?: number;
  readonly failed: boolean;
}

export interface DoomedResource {
  readonly kind: 'reserved_ips' | 'snapshots' | 'volumes' | 'volume_snapshots';
  readonly id: string;
  readonly name: string;
}

/** What an action does when it ends, beside unlocking what it locked. */
export type Effect =
  | { readonly kind: 'boot' }
  | { readonly kind: 'restart'; readonly how: 'graceful' | 'hard' }
  | { readonly kind: 'status'; readonly status: 'active' | 'off' }
  | { readonly kind: 'resize'; readonly size: string; readonly disk: number }
  | { readonly kind: 'rename'; readonly name: string }
  | { readonly kind: 'snapshot'; readonly name: string; readonly id: number }
  | { readonly kind: 'rebuild'; readonly image: ImageRecord }
  | { readonly kind: 'ipv6' }
  | { readonly kind: 'backups'; readonly policy: BackupPolicy | null }
  | { readonly kind: 'attach-volume'; readonly volumeId: string }
  | { readonly kind: 'detach-volume'; readonly volumeId: string }
  | { readonly kind: 'grow-volume'; readonly sizeGigabytes: number }
  | { readonly kind: 'assign-ip' }
  | { readonly kind: 'unassign-ip' }
  | { readonly kind: 'transfer-image'; readonly region: string }
  | { readonly kind: 'convert-image' }
  | { readonly kind: 'destroy' }
  | { readonly kind: 'none' };

/** Something under way, or over. It locks every resource that it names. */
export interface ActionRecord {
  readonly id: number;
  readonly type: string;
  readonly status: 'in-progress' | 'completed' | 'errored';
  readonly startedAt: number;
  /** When it ends, known from its start. */
  readonly endsAt: number;
  readonly dropletId?: number;
  readonly volumeId?: string;
  readonly reservedIp?: string;
  readonly imageId?: number;
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

/** The numbers that must not be given twice, and what else outlives a restart. */
export interface CountersRecord {
  readonly droplet: number;
  readonly action: number;
  readonly key: number;
  readonly image: number;
  readonly address: number;
  readonly dnsRecord: number;
  /** The public address given back last. */
  readonly released?: string;
}

/** Every kind of record, by the name of its collection. */
export interface Records {
  droplets: DropletRecord;
  actions: ActionRecord;
  keys: KeyRecord;
  /** The account's images: snapshots, backups and uploaded ones. */
  snapshots: ImageRecord;
  tags: TagRecord;
  firewalls: FirewallRecord;
  vpcs: VpcRecord;
  volumes: VolumeRecord;
  volumeSnapshots: VolumeSnapshotRecord;
  reservedIps: ReservedIpRecord;
  domains: DomainRecord;
  dnsRecords: DnsRecord;
  projects: ProjectRecord;
  assignments: AssignmentRecord;
  destructions: DestructionRecord;
  usage: UsageRecord;
  charges: ChargeRecord;
  counters: CountersRecord;
  account: AccountRecord;
}

export type Collection = keyof Records;
