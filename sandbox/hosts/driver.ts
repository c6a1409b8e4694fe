// What a machine behind a droplet can be made of: a container, or an SSH server in this process. The API keeps
// records and knows no machines; the pool of machines (machine-pool.ts) reads the records and tells a driver what
// each machine should be.

/** The machine behind a droplet, as the account's records say it should be. */
export interface HostSpec {
  /** The droplet's. */
  readonly id: number;
  /** The host name. */
  readonly name: string;
  readonly power: 'on' | 'off';
  /** Changes when all files are to be made again from `image`: by a create, a rebuild or a restore. */
  readonly installation: number;
  readonly image: HostImage;
  readonly vcpus: number;
  /** MB */
  readonly memory: number;
  /** GB */
  readonly disk: number;
  readonly addresses: HostAddresses;
  /** What cloud-init is given; none when the droplet was made without. */
  readonly userData: string | undefined;
  /** Lines for root's authorized_keys. */
  readonly authorizedKeys: readonly string[];
  readonly volumes: readonly HostVolume[];
  /** None when no firewall protects the droplet: then everything passes. */
  readonly firewall: HostFirewall | undefined;
}

/** What a machine's files are made from. */
export type HostImage =
  | { readonly type: 'distribution'; readonly slug: string }
  | { readonly type: 'snapshot'; readonly id: number };

/** IPv4 addresses in dotted notation. */
export interface HostAddresses {
  readonly public: string;
  readonly private: string;
  /** The range of the VPC that `private` is in, as CIDR. */
  readonly privateRange: string;
  /** A reserved IP that leads here. */
  readonly reserved: string | undefined;
}

/** A block device; its files outlive the machine. */
export interface HostVolume {
  readonly id: string;
  readonly name: string;
  /** GB */
  readonly size: number;
  /** The file system that it was made with, if any. */
  readonly filesystem?: string;
}

/** All rules of all firewalls of one droplet, with tags and droplet ids resolved to addresses. */
export interface HostFirewall {
  readonly inbound: readonly HostRule[];
  readonly outbound: readonly HostRule[];
}

export interface HostRule {
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  /** First and last port, both included; ignored for ICMP. */
  readonly ports: readonly [number, number];
  /** Addresses and ranges (CIDR) of either family that the rule lets through. */
  readonly peers: readonly string[];
}

/** What can be done to a machine to rehearse its bad days. */
export type HostFault =
  /** It is off, at once, and the API does not know: status stays active. */
  | { readonly type: 'crash' }
  /** It does nothing (SIGSTOP), but its network answers. */
  | { readonly type: 'freeze' }
  /** Nothing passes between it and a peer; without peer, between it and anybody. */
  | { readonly type: 'cut'; readonly peer?: HostPeer }
  /** A part of the incoming packets is lost: percent, 0 to 100. */
  | { readonly type: 'loss'; readonly percent: number }
  /** What comes in takes longer, in milliseconds. */
  | { readonly type: 'delay'; readonly ms: number }
  /** Its file system has no room left. */
  | { readonly type: 'disk-full' }
  /**
   * Its clock is wrong by so many milliseconds. On a docker host, programs in Go (its container engines) and those in
   * containers still see the true time: they ask the kernel, which has one clock.
   */
  | { readonly type: 'clock-skew'; readonly ms: number };

/** Another droplet by its id, or whoever reaches droplets from outside: the operator. */
export type HostPeer = number | 'operator';

/** What a driver still has from an earlier life. */
export interface HostInventory {
  readonly hosts: readonly number[];
  readonly snapshots: readonly number[];
  readonly volumes: readonly string[];
}

/**
 * Makes machines. Every method is idempotent and may be repeated after a crash in the middle; for one droplet
 * they are never called at once. They reject with HostError when the machine cannot be had.
 */
export interface HostDriver {
  readonly kind: 'emulated' | 'docker';
  /** The range that public and reserved addresses are taken from, as CIDR. */
  readonly publicRange: string;
  /** Where sshd answers on every machine. */
  readonly sshPort: number;
  /** The address that machines see who reaches them from outside: the operator's. */
  readonly operatorAddress: string;
  /** What it has, so that what belongs to no record can be destroyed. */
  inventory(): Promise<HostInventory>;
  /**
   * Makes the machine equal to `spec`. Resolves when its files are there and, if it is on, when sshd answers;
   * cloud-init may still be at work.
   */
  converge(spec: HostSpec, signal: AbortSignal): Promise<void>;
  /** Ends all processes, asked to or not, and starts them again; ends a crash and a freeze. */
  restart(spec: HostSpec, how: 'graceful' | 'hard'): Promise<void>;
  /** Removes the machine and its files, but not its volumes'. */
  destroy(id: number): Promise<void>;
  /** Keeps the machine's files, the container engine's included, as an image. Resolves with its size in GB. */
  takeSnapshot(id: number, snapshot: number): Promise<number>;
  destroySnapshot(snapshot: number): Promise<void>;
  /** Keeps a volume's files under another name, as a snapshot of it, or as a new volume made from a snapshot. */
  copyVolume(from: string, to: string): Promise<void>;
  destroyVolume(id: string): Promise<void>;
  /** Sets a fault on a machine; the same type again replaces it. */
  setFault(id: number, fault: HostFault): Promise<void>;
  /** Those that are set on a machine, at most one of a type. */
  faultsOf(id: number): Promise<readonly HostFault[]>;
  /** Ends all faults of a machine, or one; a machine that crashed is started again. */
  clearFaults(id: number, type?: HostFault['type']): Promise<void>;
  /** Removes everything it ever made, and nothing else. */
  reset(): Promise<void>;
  /** Ends what runs in this process. Containers go on. */
  close(): Promise<void>;
}

/** A machine cannot be had; the message says why, and what to do, in a sentence for a person. */
export class HostError extends Error {
  override readonly name = 'HostError';
}

export const isHostError = (error: unknown): error is HostError => error instanceof HostError;
