import type { Clock } from '../clients/clock.ts';
import type { Cloud } from '../clients/digitalocean/cloud.ts';
import type { FirewallList } from '../clients/digitalocean/firewall-list.ts';
import type { Fleet } from '../clients/digitalocean/fleet.ts';
import type { KubernetesClient, Reader } from '../clients/kubernetes/client.ts';
import type { HiddenText, SshPool } from '../clients/ssh/ssh.ts';
import type { Droplet } from '../crds/droplet.ts';
import type { Project } from '../crds/project.ts';
import type { AdminAccess } from './firewall/admin-access.ts';
import type { AccountRoom } from './gate/account-room.ts';
import type { Gate } from './gate/gate.ts';
import type { Standing } from './gate/standing.ts';
import type { Engine } from './host/desired.ts';
import type { Pauses } from './pauses.ts';
import type { ProbeResults } from './probe/results.ts';
import type { ProbeSection } from './probe/section.ts';
import type { EventRecorder } from './run.ts';
import type { Since } from './since.ts';
import type { SizeCatalog } from './sizes/catalog.ts';
import type { SshKeyUpload } from './ssh-key/upload.ts';
import type { FirewallTimings, HostTimings, Timings } from './timings.ts';

/** Everything that reconcilers may use of the world. */
export interface Context {
  readonly kubernetes: KubernetesClient;
  /** Indexed by PROJECTS_BY_NAME. */
  readonly projects: Reader<Project>;
  /** Indexed by DROPLETS_BY_PROJECT, DROPLETS_BY_PROJECT_NAME and DROPLETS_BY_UID. */
  readonly droplets: Reader<Droplet>;
  readonly cloud: Cloud;
  readonly fleet: Fleet;
  /** Tells this installation's resources in the cloud from everybody else's. */
  readonly fleetId: string;
  /** The uid of the kube-system of the Kubernetes API that is worked on. */
  readonly apiId: string;
  /** The way to everything that destroys, stops, buys or takes over. */
  readonly gate: Gate;
  /** Whether the fleet, its account and its Kubernetes API are those that belong together. */
  readonly standing: Standing;
  /** Whether the account has room for another droplet. */
  readonly room: AccountRoom;
  /** How long this process has seen things be as they are. */
  readonly since: Since;
  readonly sizes: SizeCatalog;
  readonly sshKey: SshKeyUpload;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly timings: Timings;
  /** How long Droplets wait before they ask again for what failed. */
  readonly pauses: Pauses;
  /** A word of at least 64 random bits, lower-case letters and digits. */
  readonly newNonce: () => string;
  /** How servers are reached and configured; without it they are only made and destroyed. */
  readonly hosts?: Hosts;
  /** How servers are protected; without it no firewall is made. */
  readonly firewalls?: Firewalls;
}

/** The operator's way to the firewalls. */
export interface Firewalls {
  readonly list: FirewallList;
  /** Whom SSH lets in at this moment. */
  readonly adminAccess: (signal: AbortSignal) => Promise<AdminAccess>;
  /** Where sshd answers. */
  readonly sshPort: number;
  readonly timings: FirewallTimings;
}

/** The operator's way to the hosts. */
export interface Hosts {
  readonly ssh: SshPool;
  /** Where sshd answers: 22, except in some sandboxes. */
  readonly port: number;
  /** Opens every host; its public half is one line of OpenSSH's format. */
  readonly privateKey: HiddenText;
  readonly publicKey: string;
  readonly engine: Engine;
  readonly timings: HostTimings;
  /** What hosts are probed for. */
  readonly sections: readonly ProbeSection<unknown>[];
  /** What they told the last time. */
  readonly probes: ProbeResults;
  /** 0 up to but not including 1, so that not all hosts are probed in the same moment. */
  readonly random: () => number;
}

/** The index that files Droplets under `namespace/project`. */
export const DROPLETS_BY_PROJECT = 'project';

/** The index that files Droplets under their project's name, whatever the namespace: as tags and firewalls do. */
export const DROPLETS_BY_PROJECT_NAME = 'projectName';

/** The index that files Projects under their name, whatever the namespace: one of them has it. */
export const PROJECTS_BY_NAME = 'name';

/** The index that finds the Droplet whose uid a server carries. */
export const DROPLETS_BY_UID = 'uid';

/** DROPLETS_BY_PROJECT's value for a Droplet. */
export const projectKeyOf = (droplet: Droplet): string =>
  `${droplet.metadata.namespace}/${droplet.spec.project}`;
