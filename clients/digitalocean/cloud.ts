/** A droplet as the cloud describes it, cut down to what dropfleet reads. */
export interface CloudDroplet {
  id: number;
  name: string;
  status: 'new' | 'active' | 'off' | 'archive';
  /** An action is under way; others are refused meanwhile. */
  locked: boolean;
  /** The size slug. */
  size: string;
  /** GB; it can grow but never shrink. */
  disk: number;
  /** The region slug. */
  region: string;
  /** The image's slug, or its id in decimal when it has none. */
  image: string;
  tags: readonly string[];
  /** RFC 3339. */
  createdAt: string;
  publicAddress?: string;
  privateAddress?: string;
}

/** What a new droplet is asked for with. */
export interface DropletRequest {
  name: string;
  region: string;
  size: string;
  /** An image slug, or a numeric id in decimal. */
  image: string;
  tags: string[];
  /** Ids of SSH keys in the account. */
  sshKeys: number[];
  /** cloud-init user data, at most 64 KiB. */
  userData?: string;
}

/** A change that the cloud is making to a droplet. */
export interface CloudAction {
  id: number;
  type: string;
  status: 'in-progress' | 'completed' | 'errored';
}

/** A size that droplets can have. */
export interface CloudSize {
  slug: string;
  /** GB. */
  disk: number;
  /** MB. */
  memory: number;
  vcpus: number;
  /** US dollars for a whole month. */
  priceMonthly: number;
  available: boolean;
  /** Slugs of the regions that offer it. */
  regions: readonly string[];
}

/** An SSH public key in the account. */
export interface CloudKey {
  id: number;
  name: string;
  fingerprint: string;
  publicKey: string;
}

/** What one rule of a firewall lets through, and whom: senders of inbound, receivers of outbound traffic. */
export interface CloudFirewallRule {
  protocol: string;
  /** One port, a range such as `8000-9999`, or `0` for all; `0` too where there are no ports. */
  ports: string;
  /** Addresses and networks (CIDR) of either family. */
  addresses: readonly string[];
  /** Droplets that carry one of these. */
  tags: readonly string[];
  /** How many others are named in ways that dropfleet never uses, such as load balancers; 0 when it is sent. */
  others: number;
}

/** What a firewall is to be. */
export interface FirewallRequest {
  /** Letters, digits, dots and dashes; unique in the account. */
  name: string;
  /** The droplets that it protects: all that carry one of these tags. They must exist already. */
  tags: readonly string[];
  inbound: readonly CloudFirewallRule[];
  outbound: readonly CloudFirewallRule[];
}

/** A firewall as the cloud describes it. */
export interface CloudFirewall extends FirewallRequest {
  id: string;
  /** Droplets that it protects besides those that carry a tag of its. */
  dropletIds: readonly number[];
  /** RFC 3339. */
  createdAt: string;
}

/** A snapshot of a droplet. It outlives the droplet. */
export interface CloudSnapshot {
  id: string;
  name: string;
  /** The droplet that it was taken of. */
  dropletId: number;
  tags: readonly string[];
  /** RFC 3339. */
  createdAt: string;
  /** What is billed, in GB: less than the disk. */
  sizeGB: number;
  /** GB of disk that a droplet must have to be made from it. */
  minDisk: number;
  /** Slugs of the regions where droplets can be made from it. */
  regions: readonly string[];
}

/** What a new volume is asked for with. */
export interface VolumeRequest {
  /** Begins with a letter, of lower-case letters, digits and dashes, at most 64; unique in its region. */
  name: string;
  region: string;
  sizeGB: number;
  tags: readonly string[];
}

/** A block device of its own, which outlives the droplet that it is attached to. */
export interface CloudVolume extends VolumeRequest {
  id: string;
  /** The droplets that have it: one at most. */
  dropletIds: readonly number[];
  /** RFC 3339. */
  createdAt: string;
}

/** An address that can lead from one droplet to another. It carries no tags. */
export interface CloudReservedIP {
  /** IPv4. */
  address: string;
  region: string;
  /** An action is under way. */
  locked: boolean;
  /** Where it leads; undefined while it leads nowhere, or is on its way. */
  dropletId?: number;
}

/** The account, without its owner's name. */
export interface CloudAccount {
  /** Tells it from every other account, whatever token is used. */
  uuid: string;
  dropletLimit: number;
  status: string;
}

/**
 * What dropfleet asks of DigitalOcean. Every failure is a CloudError (errors.ts). A signal's guard (clients/guard.ts) is
 * asked at the moment when a request leaves.
 */
export interface Cloud {
  getAccount(signal?: AbortSignal): Promise<CloudAccount>;
  /** All pages, 200 a page; those of the whole account when there is no tag. */
  listDroplets(tag: string | undefined, signal?: AbortSignal): Promise<CloudDroplet[]>;
  getDroplet(id: number, signal?: AbortSignal): Promise<CloudDroplet>;
  /** Sent once, never retried: after a doubtful failure (isDoubtful) the droplet may exist all the same. */
  createDroplet(request: DropletRequest, signal?: AbortSignal): Promise<CloudDroplet>;
  deleteDroplet(id: number, signal?: AbortSignal): Promise<void>;
  shutdownDroplet(id: number, signal?: AbortSignal): Promise<CloudAction>;
  powerOffDroplet(id: number, signal?: AbortSignal): Promise<CloudAction>;
  powerOnDroplet(id: number, signal?: AbortSignal): Promise<CloudAction>;
  /** Cuts the power of a droplet that is on, and gives it back. */
  powerCycleDroplet(id: number, signal?: AbortSignal): Promise<CloudAction>;
  /** CPU and memory only: the disk stays as it is, so that the resize can be undone. */
  resizeDroplet(id: number, size: string, signal?: AbortSignal): Promise<CloudAction>;
  /**
   * The droplet runs on meanwhile. Sent once: after a doubtful failure (isDoubtful) the snapshot may come all the same,
   * and is known by its name. It is listed when the action has completed.
   *
   * @param name anything; the tags API alone can put tags on it, afterwards.
   */
  snapshotDroplet(id: number, name: string, signal?: AbortSignal): Promise<CloudAction>;
  getAction(id: number, signal?: AbortSignal): Promise<CloudAction>;
  listSizes(signal?: AbortSignal): Promise<CloudSize[]>;
  listKeys(signal?: AbortSignal): Promise<CloudKey[]>;
  createKey(name: string, publicKey: string, signal?: AbortSignal): Promise<CloudKey>;
  deleteKey(id: number, signal?: AbortSignal): Promise<void>;
  /** All of the account. */
  listFirewalls(signal?: AbortSignal): Promise<CloudFirewall[]>;
  /** Sent once; a name that is taken, perhaps by an earlier request whose reply was lost, fails with isNameTaken. */
  createFirewall(request: FirewallRequest, signal?: AbortSignal): Promise<CloudFirewall>;
  /** Replaces all of it. */
  updateFirewall(id: string, request: FirewallRequest, signal?: AbortSignal): Promise<CloudFirewall>;
  deleteFirewall(id: string, signal?: AbortSignal): Promise<void>;
  /** Makes a tag; one that exists is fine. */
  createTag(name: string, signal?: AbortSignal): Promise<void>;
  /** Puts a tag that exists on a droplet; one that carries it is fine. */
  tagDroplet(id: number, tag: string, signal?: AbortSignal): Promise<void>;
  /** Takes a tag off a droplet; one that does not carry it is fine. */
  untagDroplet(id: number, tag: string, signal?: AbortSignal): Promise<void>;
  /** Puts a tag that exists on a snapshot of a droplet; one that carries it is fine. */
  tagSnapshot(id: string, tag: string, signal?: AbortSignal): Promise<void>;
  /** Of droplets, all of the account. */
  listSnapshots(signal?: AbortSignal): Promise<CloudSnapshot[]>;
  deleteSnapshot(id: string, signal?: AbortSignal): Promise<void>;
  /** All of that name, one a region at most; those of the whole account when there is none. */
  listVolumes(name: string | undefined, signal?: AbortSignal): Promise<CloudVolume[]>;
  /** With an ext4 file system. Sent once; a name that is taken, perhaps by an earlier request, fails with isNameTaken. */
  createVolume(request: VolumeRequest, signal?: AbortSignal): Promise<CloudVolume>;
  /** Fails while another droplet has it. */
  attachVolume(id: string, droplet: number, signal?: AbortSignal): Promise<CloudAction>;
  /** Takes the disk away, whatever the droplet does with it. */
  detachVolume(id: string, droplet: number, signal?: AbortSignal): Promise<CloudAction>;
  /** It grows only; its file system is its host's to grow. */
  resizeVolume(id: string, sizeGB: number, signal?: AbortSignal): Promise<CloudAction>;
  /** Puts a tag that exists on a volume; one that carries it is fine. */
  tagVolume(id: string, tag: string, signal?: AbortSignal): Promise<void>;
  /** Takes a tag off a volume; one that does not carry it is fine. */
  untagVolume(id: string, tag: string, signal?: AbortSignal): Promise<void>;
  /** Fails while a droplet has it. */
  deleteVolume(id: string, signal?: AbortSignal): Promise<void>;
  /** All of the account. */
  listReservedIPs(signal?: AbortSignal): Promise<CloudReservedIP[]>;
  /** Reserves an address that leads to the droplet. Sent once; a droplet that has one gets no other. */
  createReservedIP(droplet: number, signal?: AbortSignal): Promise<CloudReservedIP>;
  /** Lets it lead to that droplet, wherever it led before. */
  assignReservedIP(address: string, droplet: number, signal?: AbortSignal): Promise<CloudAction>;
  /** Gives it back: another account may have it next. */
  deleteReservedIP(address: string, signal?: AbortSignal): Promise<void>;
}
