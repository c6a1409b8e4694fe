// Generated from droplets.yaml by `npm run generate`: edit that file, not this one.
import type { Condition, KubernetesObject } from './meta.ts';

/** What the server should be. */
export interface DropletSpec {
  /** The name of the Project that it belongs to, in the same namespace. */
  project: string;
  /** A master balances the load; a web runs services. */
  role: 'master' | 'web';
  /** The size slug. A change resizes the server: CPU and memory only, with a power cycle, and only to a size whose disk is not smaller. */
  size: string;
  /** The region slug. Fixed once the server exists. */
  region: string;
  /** The image that the server first boots from. A change does not rebuild it. */
  image: string;
}

/** What dropfleet last saw. Written by the operator only. */
export interface DropletStatus {
  /** The generation of the spec that this status describes. */
  observedGeneration?: number;
  /** Where the server is in its life. Pending, nothing sent yet. Creating, asked for but not yet seen in the cloud. Booting, seen but not running. Active, running. Draining, left running until the requests in flight to it have finished, to be stopped or destroyed then. Resizing, stopped to change size. PoweringOn, off for whatever reason, and about to run again. Replacing, being powered off so that another server takes its place. Deleting, being destroyed. Failed, a person must act; the Ready condition says how. */
  phase?:
    | 'Pending'
    | 'Creating'
    | 'Booting'
    | 'Active'
    | 'Draining'
    | 'Resizing'
    | 'PoweringOn'
    | 'Replacing'
    | 'Deleting'
    | 'Failed';
  /** The server at DigitalOcean. Written by the droplet controller. */
  server?: {
    /** A random word written here before the server is asked for, and carried by it as a tag, so that a request whose answer was lost can be found again. */
    nonce?: string;
    /** When the server was last asked for. */
    launchedAt?: string;
    /** DigitalOcean's id of the server. */
    id?: number;
    /** The ids of servers that this Droplet had before. One of them that is seen again is never destroyed without a confirmation. */
    formerIDs?: number[];
    /** The SHA-256 fingerprint of the SSH host key that the server first boots with. */
    firstKeyFingerprint?: string;
    /** The public IPv4 address. */
    publicAddress?: string;
    /** The IPv4 address inside the VPC. */
    privateAddress?: string;
    /** The size slug that the server has now. */
    size?: string;
    /** DigitalOcean's id of the last power or resize action that was asked for. */
    actionID?: number;
    /** When the recovery was decided for which the server's power was cut and given back. It is written before that is asked for, so that one recovery never does it twice. */
    cycledFor?: string;
    /** The size that DigitalOcean was last asked to give the server, while it has another. A refusal is not asked for again until the spec has another size, or orchestrate --force asks. */
    resize?: {
      /** The size slug that was asked for. */
      size: string;
      /** The annotation dropfleet.io/reconcile-requested-at as it was then. */
      request?: string;
      /** Refused at once, or failed when it was carried out; none while it is under way. */
      reason?: 'ResizeRefused' | 'ResizeFailed';
      /** What DigitalOcean said of it. */
      message?: string;
    };
  };
  /** The machine, as seen by SSH. Written by the host controller. */
  host?: {
    /** The server that this and the conditions Reachable and Configured are about. Of another server than server.id they mean nothing. */
    serverID?: number;
    /** The SHA-256 fingerprint of the SSH host key that connections are pinned to; before it is known, that is server.firstKeyFingerprint. */
    keyFingerprint?: string;
    /** The fingerprint of the SSH host key that is about to take the place of the pinned one; both are accepted meanwhile. */
    nextKeyFingerprint?: string;
  };
  /** A master's load balancer. Written by the load-balancer controller. */
  loadBalancer?: {
    /** The server that the condition LoadBalancerReady is about. */
    serverID?: number;
  };
  /** The newest snapshot that recovery could use. Written by the snapshot controller. */
  snapshot?: {
    /** DigitalOcean's id of the snapshot. */
    id: string;
    /** When it was asked for. */
    createdAt: string;
    /** What is billed of it, in GB. */
    sizeGB?: number;
    /** How long databases stood still for it, in milliseconds; none where there was none. */
    pauseMs?: number;
  };
  /** The snapshot that is being taken. Written by the snapshot controller. */
  snapshotting?: {
    /** Its name, written here before it is asked for, so that a request whose answer was lost can be found again. */
    name: string;
    /** When it was asked for. */
    requestedAt: string;
    /** Why it is taken. */
    cause: 'daily' | 'release';
    /** DigitalOcean's id of the action that takes it. */
    actionID?: number;
    /** How long databases stood still for it, in milliseconds. */
    pauseMs?: number;
  };
  /** DigitalOcean's ids of the servers on whose disks databases were: none of them is destroyed before a last snapshot. Written by the snapshot controller. */
  dataServers?: number[];
  /** What is being done, before they are destroyed, to save what is on the disks of servers, by DigitalOcean's ids of these. Written by whoever destroys them. */
  lastSnapshots?: Record<
    string,
    {
      /** DigitalOcean's id of the action that stops the server. */
      stopID?: number;
      /** The name of its last snapshot, written here before it is asked for, so that a request whose answer was lost can be found again. */
      name?: string;
      /** DigitalOcean's id of the action that takes it. */
      actionID?: number;
      /** Why there was none the last time. */
      failure?: string;
    }
  >;
  /** The restore drill that is under way, else the last one: a server made from the newest snapshot beside the fleet, looked at, and removed. Written by the drill controller. */
  drill?: {
    /** The annotation dropfleet.io/drill that asked for it. */
    request: string;
    /** Preparing, its firewall is made. Creating, its server is asked for and boots. Connecting, it runs, and SSH is waited for. Checking, its engine and services are looked at. Removing, the server and then the firewall are destroyed. Done, nothing of it is left. */
    step: 'Preparing' | 'Creating' | 'Connecting' | 'Checking' | 'Removing' | 'Done';
    /** When it began. */
    startedAt: string;
    /** DigitalOcean's id of the snapshot. */
    snapshotID?: string;
    /** When that was taken. */
    snapshotCreatedAt?: string;
    /** A random word written here before the server is asked for, and carried by it as a tag, so that a request whose answer was lost can be found again. */
    nonce?: string;
    /** When the server was asked for. */
    launchedAt?: string;
    /** DigitalOcean's id of the server. */
    serverID?: number;
    /** When DigitalOcean said that it runs. */
    activeAt?: string;
    /** Its public IPv4 address. */
    address?: string;
    /** When SSH let dropfleet in. */
    connectedAt?: string;
    /** When its services had answered. */
    answeredAt?: string;
    /** How it went; none before that is known. */
    result?: 'Passed' | 'Failed';
    /** The same for a person; before there is a result, what is waited for. */
    message?: string;
    /** When nothing of it was left. */
    finishedAt?: string;
  };
  /** The last restore drill that passed. The seconds are counted from when the server was asked for. Written by the drill controller. */
  verifiedRestore?: {
    /** DigitalOcean's id of the snapshot. */
    snapshotID: string;
    /** When that was taken. */
    snapshotCreatedAt: string;
    /** When the drill had passed. */
    verifiedAt: string;
    /** Until it ran. */
    secondsToActive?: number;
    /** Until SSH let dropfleet in. */
    secondsToConnect?: number;
    /** Until its services had answered. */
    secondsToAnswer?: number;
  };
  /** What is being done about a server that its observers found dead, or that a person gave up. Written by the health controller, carried out by the droplet controller. */
  recovery?: {
    /** The server that it is about. While that is server.id, the step is to be done to it; once another has taken its place, the step is done. */
    serverID: number;
    /** PowerCycle, its power is cut and given back. Replace, it is powered off, kept, and another server takes its place. */
    step: 'PowerCycle' | 'Replace';
    /** The id of the snapshot that the new server boots from; the image of the spec when absent. */
    image?: string;
    /** When the step was decided. */
    startedAt: string;
    /** Who found it dead, or who asked for it. */
    cause: string;
  };
  /** The recoveries that have ended, newest first; how many are allowed is counted by them. */
  recoveries?: {
    /** The server that it was about. */
    serverID: number;
    /** What was done. */
    step: 'PowerCycle' | 'Replace';
    /** When it was decided. */
    startedAt: string;
    /** When it had ended. */
    endedAt: string;
    /** Whether the observers found the server well afterwards. */
    result: 'Recovered' | 'Failed';
  }[];
  /** The names of the Droplets that this one observes. */
  monitors?: string[];
  /** The names of the observers that watch this Droplet. */
  monitoredBy?: string[];
  /** Those of them that cannot reach its server now. One that its own master cannot reach gets no requests from it. */
  suspectedBy?: string[];
  /** Provisioned, the server runs and has the size asked for. Reachable, the host that is expected lets dropfleet in by SSH. Configured, its files, packages and services are as they should be. LoadBalancerReady, a master's nginx balances as it should. Healthy, its observers find it healthy. Ready, all of these that apply. ConfirmationRequired, something that would be done to the server is held until a person confirms it. */
  conditions?: Condition[];
}

/** A Droplet is one server at DigitalOcean. Its Project creates it; it is named <project>-master or <project>-web<n>. Deleting it destroys the server. */
export interface Droplet extends KubernetesObject {
  kind: 'Droplet';
  spec: DropletSpec;
  status?: DropletStatus;
}
