import type { Clock } from '../clients/clock.ts';
import type { Cloud } from '../clients/digitalocean/cloud.ts';
import type { ServerInformer } from '../clients/digitalocean/server-informer.ts';
import type { KubernetesClient, Reader } from '../clients/kubernetes/client.ts';
import type { HiddenText, SshPool } from '../clients/ssh/ssh.ts';
import type { Droplet } from '../crds/droplet.ts';
import type { Project } from '../crds/project.ts';
import type { ServiceDeployment } from '../crds/service-deployment.ts';
import type { AccountRoom } from './gate/account-room.ts';
import type { Gate } from './gate/gate.ts';
import type { Standing } from './gate/standing.ts';
import type { Engine } from './host/desired.ts';
import type { HostTimings } from './host/timings.ts';
import type { Handles, Metrics } from './metrics.ts';
import type { Pauses } from './pauses.ts';
import type { ProbeResults } from './probe/results.ts';
import type { ProbeSection } from './probe/section.ts';
import type { CsvState } from './projects-csv/csv-state.ts';
import type { EventRecorder } from './run.ts';
import type { SecretSource } from './secrets/source.ts';
import type { Since } from './since.ts';
import type { SizeCatalog } from './sizes/catalog.ts';
import type { SshKeyUpload } from './ssh-key/upload.ts';

/** Everything that all reconcilers may use of the world. */
export interface Context {
  readonly kubernetes: KubernetesClient;
  /** Indexed by PROJECTS_BY_NAME. */
  readonly projects: Reader<Project>;
  /** Indexed by DROPLETS_BY_PROJECT, DROPLETS_BY_PROJECT_NAME and DROPLETS_BY_UID. */
  readonly droplets: Reader<Droplet>;
  /** Indexed by SERVICES_BY_PROJECT. */
  readonly services: Reader<ServiceDeployment>;
  readonly cloud: Cloud;
  readonly servers: ServerInformer;
  /** Tells this installation's resources in the cloud from everybody else's. */
  readonly fleetId: string;
  /** The uid of the kube-system of the Kubernetes API that is worked on. */
  readonly apiId: string;
  /** The operator's own, and that of the Projects that come from projects.csv. */
  readonly namespace: string;
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
  /** How long Droplets wait before they ask again for what failed. */
  readonly pauses: Pauses;
  /** A word of at least 64 random bits, lower-case letters and digits. */
  readonly newNonce: () => string;
  /** How servers are reached and configured; without it they are only made and destroyed. */
  readonly hosts?: Hosts;
  /** The secrets of services; where hosts are not configured there are none. */
  readonly secrets?: SecretSource;
  /** What csv-sync found; without a projects.csv there is none. */
  readonly csv?: CsvState;
}

/** What a concern declares, as data: see DROPLET in droplet/concern.ts. */
export interface Declared {
  /** Its waits, in milliseconds, as they are by default. */
  readonly timings: object;
  readonly metrics: Metrics;
}

/** What the reconcilers of a concern get: what all get, its own waits, and what it counts with. */
export type ContextOf<Concern extends Declared> = Context & {
  readonly timings: Concern['timings'];
  readonly metrics: Handles<Concern['metrics']>;
};

/** The operator's way to the hosts. */
export interface Hosts {
  readonly ssh: SshPool;
  /** Where sshd answers: 22, except in some sandboxes. */
  readonly port: number;
  /** Opens every host; its public half is one line of OpenSSH's format. */
  readonly privateKey: HiddenText;
  readonly publicKey: string;
  /** What runs the containers of services that do not say it themselves. */
  readonly engine: Engine;
  readonly timings: HostTimings;
  /** What hosts are probed for. */
  readonly sections: readonly ProbeSection<unknown>[];
  /** What they reported the last time. */
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

/** The index that files ServiceDeployments under `namespace/project`. */
export const SERVICES_BY_PROJECT = 'project';

/** DROPLETS_BY_PROJECT's value for a Droplet, and SERVICES_BY_PROJECT's for a ServiceDeployment. */
export const projectKeyOf = ({ metadata, spec }: Droplet | ServiceDeployment): string =>
  `${metadata.namespace}/${spec.project}`;
