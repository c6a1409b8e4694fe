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
      /** A branch, a tag or a commit. */
      ref: string;
    };
    /** True when the code was sent from a person's own folder. */
    local?: boolean;
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
  /** The command to run instead of the image's own, one argument an item. */
  command?: string[];
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
  /** The image that should run, by digest. */
  image?: string;
}

/** What dropfleet last saw. Written by the operator only. */
export interface ServiceDeploymentStatus {
  /** The generation of the spec that this status describes. */
  observedGeneration?: number;
  /** The version that runs. */
  version?: string;
  /** The image that runs, by digest. */
  image?: string;
  /** The port on every server's private address. */
  port?: number;
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
    /** Its image, by digest. */
    image: string;
    /** When it started to serve. */
    deployedAt: string;
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
