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

/** A firewall or a snapshot, as far as the sweep for leftovers needs it. */
export interface CloudResource {
  id: string;
  name: string;
  tags: readonly string[];
  createdAt: string;
}

/** The account, without its owner's name. */
export interface CloudAccount {
  dropletLimit: number;
  status: string;
}

/** What dropfleet asks of DigitalOcean. Every failure is a CloudError (errors.ts). */
export interface Cloud {
  getAccount(signal?: AbortSignal): Promise<CloudAccount>;
  /** All pages, 200 a page. */
  listDroplets(tag: string, signal?: AbortSignal): Promise<CloudDroplet[]>;
  getDroplet(id: number, signal?: AbortSignal): Promise<CloudDroplet>;
  /** Sent once, never retried: after a doubtful failure (isDoubtful) the droplet may exist all the same. */
  createDroplet(request: DropletRequest, signal?: AbortSignal): Promise<CloudDroplet>;
  deleteDroplet(id: number, signal?: AbortSignal): Promise<void>;
  shutdownDroplet(id: number, signal?: AbortSignal): Promise<CloudAction>;
  powerOffDroplet(id: number, signal?: AbortSignal): Promise<CloudAction>;
  powerOnDroplet(id: number, signal?: AbortSignal): Promise<CloudAction>;
  /** CPU and memory only: the disk stays as it is, so that the resize can be undone. */
  resizeDroplet(id: number, size: string, signal?: AbortSignal): Promise<CloudAction>;
  getAction(id: number, signal?: AbortSignal): Promise<CloudAction>;
  listSizes(signal?: AbortSignal): Promise<CloudSize[]>;
  listKeys(signal?: AbortSignal): Promise<CloudKey[]>;
  createKey(name: string, publicKey: string, signal?: AbortSignal): Promise<CloudKey>;
  deleteKey(id: number, signal?: AbortSignal): Promise<void>;
  listFirewalls(signal?: AbortSignal): Promise<CloudResource[]>;
  deleteFirewall(id: string, signal?: AbortSignal): Promise<void>;
  /** Droplet snapshots only. */
  listSnapshots(signal?: AbortSignal): Promise<CloudResource[]>;
  deleteSnapshot(id: string, signal?: AbortSignal): Promise<void>;
}
