import type { HttpCloud } from '../../clients/digitalocean/http-client.ts';
import type { RequestReport } from '../../clients/digitalocean/caller.ts';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import type { Connection } from '../../clients/kubernetes/kubeconfig.ts';
import type { RequestRecord } from '../../clients/kubernetes/transport.ts';
import type { GlobalOptions } from '../options.ts';
import type { DaemonFile } from './daemon-file.ts';
import type { Patience, SandboxCloudOptions, SandboxHosts } from './embedded.ts';
import type { WorldSettings } from './settings.ts';

/** What is known of a world before anything of it is opened. */
export interface Place extends WorldSettings {
  /** The daemon that already runs this world. */
  readonly daemon?: DaemonFile;
  /** Nothing may be written, not even what was found out on the way. */
  readonly readOnly: boolean;
}

/** A world's Kubernetes API, real or embedded. */
export interface KubernetesPart {
  readonly connection: Connection;
  readonly kubernetes: KubernetesClient;
  /** The namespace of the operator's own objects, and of the Projects that come from projects.csv. */
  readonly namespace: string;
  /** The kubeconfig to give to kubectl; undefined when it is the user's own. */
  readonly kubeconfig?: string;
  /** The state directory holds nothing yet; only who may not write finds it so. */
  readonly isNew?: boolean;
}

/** A world's cloud, real or embedded. */
export interface CloudPart {
  readonly cloud: HttpCloud;
  readonly cloudUrl: string;
  /** Where sshd answers on droplets. */
  readonly sshPort: number;
  /** The machines of a sandbox that was started with this world. */
  readonly hosts?: SandboxHosts;
}

/** The parts of a world. Each is opened when it is first asked for, and once. */
export interface WorldParts extends Place {
  readonly openKubernetes: () => Promise<KubernetesPart>;
  readonly openCloud: () => Promise<CloudPart>;
  /** Undoes all that was opened, last first. */
  close(): Promise<void>;
}

/** A Kubernetes API and a cloud to work with. */
export interface World extends Place, KubernetesPart, CloudPart {
  /** Undoes all that was started, last first. */
  close(): Promise<void>;
}

/** A world of which nothing is asked of the cloud. */
export type KubernetesWorld = Omit<World, keyof CloudPart>;

/** What is observed of the requests of a world. */
export interface Observers {
  onKubernetesRequest?: (record: RequestRecord) => void;
  onCloudRequest?: (report: RequestReport) => void;
}

/** Embedded servers listen on any free port by default. */
export interface WorldOptions extends GlobalOptions, Observers, SandboxCloudOptions, Patience {
  /** No droplet is concerned, so that a cluster needs no token beside it. */
  withoutCloud?: true;
}
