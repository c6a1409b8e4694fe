// Generated from servicedeployments.yaml by `npm run generate`: edit that file, not this one.
import type { Condition, KubernetesObject } from './meta.ts';

/** What should run. */
export interface ServiceDeploymentSpec {
  /** The name of the Project whose droplets run it, in the same namespace. */
  project: string;
  /** Which of the project's environments this is. */
  environment: 'prod' | 'uat' | 'test';
  /** The service's name, unique in its project and environment. */
  service: string;
  /** A web gets a route on the load balancer, a worker gets none, and infra (a database, a cache) runs on the master. */
  type: 'web' | 'worker' | 'infra';
  /** Where the code comes from. Left out for infra services, which run a published image. */
  source?: {
    /** A commit of a git repository. */
    git?: {
      /** The repository's address. */
      url: string;
      /** The branch, tag or commit that is built for a version that is no tag itself. */
      ref: string;
    };
    /** True when the code was sent from a person's own folder. */
    local?: boolean;
    /** Git's id of the files that were sent from that folder. */
    tree?: string;
  };
  /** How the image is built. */
  build?: {
    /** The path of the Containerfile in the source. */
    containerfile?: string;
    /** The path of the build context in the source. */
    context?: string;
  };
  /** The host names whose every path leads to this web service, on the load balancer's port 80. */
  domains?: string[];
  /** The largest body of a request to this web service, in units of 1,048,576 bytes; 64 when absent. A larger one is answered with 413. */
  maxBodyMegabytes?: number;
  /** How long this web service may be silent over a request before the load balancer gives it up; 300 when absent, and no longer, as a server that is to be stopped waits for its requests. */
  readTimeoutSeconds?: number;
  /** The command to run instead of the image's own, one argument an item. */
  command?: string[];
  /** What is run once, in the new image, before a release starts, such as a migration of the database; one argument an item. When it fails, the release before goes on. */
  releaseCommand?: string[];
  /** Plain environment variables. What is secret belongs into secrets. */
  variables?: Record<string, string>;
  /** The port that the program listens on in its container, which it is told as PORT. Left out, it is the one port that the image exposes, else 8080. */
  port?: number;
  /** The most memory that one container may use, such as 512m. */
  memory?: string;
  /** The most CPUs that one container may use, such as 0.5. */
  cpus?: string;
  /** Named volumes, which outlive every container and which dropfleet never removes. */
  volumes?: {
    /** The volume's name, unique in its service. */
    name: string;
    /** Where it is in the container. */
    path: string;
  }[];
  /** What else docker or podman starts the containers with, from templates/docker/run.json. A change of it is a new release of the same image. */
  runOptions?: {
    /** Where the engine keeps what the containers print. */
    logging?: {
      /** The log driver. */
      driver: 'json-file' | 'journald' | 'none';
      /** The driver's own options, such as max-size. */
      options?: Record<string, string>;
    };
    /** Limits of a process by their names, soft and hard, such as 1024:4096. */
    ulimits?: Record<string, string>;
    /** Whether the containers' own file system can not be written to. */
    readOnly?: boolean;
    /** Paths in the containers that are in memory, and empty at every start. */
    tmpfs?: string[];
    /** Capabilities of Linux that are taken from the containers, or ALL. */
    capDrop?: string[];
    /** Capabilities of Linux that the containers get. */
    capAdd?: string[];
    /** Security options, such as no-new-privileges. */
    securityOpt?: string[];
    /** How large /dev/shm is, such as 128m. */
    shmSize?: string;
    /** How many processes and threads one container may have. */
    pidsLimit?: number;
    /** The addresses of further host names. */
    extraHosts?: Record<string, string>;
    /** The addresses of the name servers. */
    dns?: string[];
    /** Labels of the containers. Those of dropfleet win. */
    labels?: Record<string, string>;
    /** Whether an init process passes signals on and reaps what is left behind. */
    init?: boolean;
  };
  /** Seconds that a container has to end after SIGTERM. */
  stopSeconds?: number;
  /** Whether a container that ends is started again. */
  restart?: 'always' | 'on-failure' | 'never';
  /** Whether a worker's new container is started beside the old one or after its end. A web is always started first, and infra always last. */
  update?: 'start-first' | 'stop-first';
  /** Whether the project's other environments use this infra service too. */
  shared?: boolean;
  /** True while the service is not to run. */
  stopped?: boolean;
  /** The names, never the values, of the secrets that the service gets as environment. */
  secrets?: string[];
  /** How to tell that the service can take requests. */
  healthCheck?: {
    /** The path to GET. */
    path?: string;
    /** Seconds between two checks. */
    intervalSeconds?: number;
    /** Seconds to wait for an answer. */
    timeoutSeconds?: number;
    /** Seconds that a new version has to become healthy. */
    startSeconds?: number;
  };
  /** What runs the container. */
  platform?: 'docker' | 'podman' | 'kubernetes';
  /** The version that should run, a tag that dropfleet gave or will give. */
  version?: string;
  /** The published image that should run, for a service that is not built. */
  image?: string;
  /** Who may fetch the image from its registry, where not everybody may. It is shown to the registry alone, by the master, and to no container. */
  imageLogin?: {
    /** The user's name there. */
    username: string;
    /** The name, never the value, of the secret that holds the password or token. */
    secret: string;
  };
}

/** What dropfleet last saw. Written by the operator only. */
export interface ServiceDeploymentStatus {
  /** The generation of the spec that this status describes. */
  observedGeneration?: number;
  /** The version that runs. */
  version?: string;
  /** The id of the image that runs, sha256 and all: the digest of its configuration. */
  image?: string;
  /** What runs, as a hash of all that a new container would be started for: image, command, variables, secrets, limits. */
  release?: string;
  /** The name of the volume that its data are on; absent where they are on the server's own disk. */
  dataVolume?: string;
  /** When that release began to serve. */
  deployedAt?: string;
  /** True until that release has served for a minute. One that fails goes back to the last that did. */
  unproven?: boolean;
  /** The port on the master's private address, under which other services reach it. */
  port?: number;
  /** The release that was wanted and failed; what ran before goes on. */
  rejected?: {
    /** Its hash. */
    release: string;
    /** Its version. */
    version?: string;
    /** Why, in one CamelCase word. */
    reason: string;
    /** The same for a person, with what to do. */
    message: string;
  };
  /** What the load balancer does with it now. */
  routed?: {
    /** Where the configuration that nginx runs sends its requests. */
    addresses?: string[];
  };
  /** Where the service answers now. */
  endpoints?: {
    /** The Droplet that runs it. */
    droplet: string;
    /** The address and port. */
    address: string;
  }[];
  /** The versions that ran before, newest first, for rollback. */
  history?: {
    /** The version. */
    version: string;
    /** The id of its image. */
    image: string;
    /** Its hash. */
    release?: string;
    /** When it started to serve. */
    deployedAt: string;
    /** True when it was replaced before it had served for a minute. */
    unproven?: boolean;
  }[];
  /** Built, Rolled, Routed and Ready. */
  conditions?: Condition[];
}

/** A ServiceDeployment is one service of a project in one environment: where its code comes from, how it is built, and which version should run. It is named <project>-<environment>-<service>. */
export interface ServiceDeployment extends KubernetesObject {
  kind: 'ServiceDeployment';
  spec: ServiceDeploymentSpec;
  status?: ServiceDeploymentStatus;
}
