// Generated from projects.yaml by `npm run generate`: edit that file, not this one.
import type { Condition, KubernetesObject } from './meta.ts';

/** What the project should be. */
export interface ProjectSpec {
  /** How many droplets the project has in all: one master, the rest webs. `kubectl scale` sets it; for a Project that came from projects.csv the row wins, so edit the row or use `dropfleet scale`. */
  servers: number;
  /** The master's DigitalOcean size slug, such as s-1vcpu-1gb. */
  masterSpec: string;
  /** Every web's DigitalOcean size slug, such as s-1vcpu-1gb. */
  webSpec: string;
  /** The DigitalOcean region slug that the first droplets are created in. Those that exist stay where they are, and others join them: they share a private network. */
  region?: string;
  /** The image slug, or the id of a custom image or snapshot, that new droplets boot from. Droplets that exist are not rebuilt. */
  image?: string;
  /** While true, dropfleet changes nothing about this project, except when it is deleted. */
  suspend?: boolean;
  /** What happens when a quorum of observers finds a droplet dead. */
  recovery?: {
    /** auto replaces a dead web, manual waits for `dropfleet recover`, off only reports. */
    web?: 'auto' | 'manual' | 'off';
    /** As for web. A master restored from a snapshot loses what was written since, so that it is manual by default; auto once the project's data are on its dataVolume and its reservedIP leads to the master, as nothing of that is lost with the server. */
    master?: 'auto' | 'manual' | 'off';
  };
  /** auto takes snapshots of the servers, after each production deploy and of the master daily, and keeps those of 7 days, 4 weeks and 6 months, at $0.06 per GB a month. off takes none and removes none. */
  snapshots?: 'auto' | 'off';
  /** A volume for the data of the project's infrastructure services (those of type infra that have volumes), at $0.10 per GB a month. It outlives the master: it goes over to the next one, and is removed by nobody but `dropfleet cleanup`, once the Project is gone. */
  dataVolume?: {
    /** Its size in GB. It may grow, while in use, and never shrinks. */
    sizeGB: number;
  };
  /** Whether the master has a reserved IP: an address that goes over to the next master. It is free while it leads to one, and $5.00 a month while it does not. */
  reservedIP?: boolean;
}

/** What dropfleet last saw. Written by the operator only. */
export interface ProjectStatus {
  /** The generation of the spec that this status describes. */
  observedGeneration?: number;
  /** How many Droplet objects the project has, those being deleted left out. */
  droplets?: number;
  /** How many of them are Ready. */
  readyDroplets?: number;
  /** The label selector of the project's Droplets, for the scale subresource. */
  selector?: string;
  /** The public IPv4 address of the master, once it has one. */
  masterAddress?: string;
  /** DigitalOcean's list price of the project's droplets for a month, such as $18.00. Snapshots come to that: "dropfleet status" and "dropfleet plan" say what they cost. */
  monthlyCost?: string;
  /** The project's volume. */
  dataVolume?: {
    /** The word that it carries as a tag; written down before it is asked for. */
    nonce?: string;
    /** Its name at DigitalOcean. */
    name?: string;
    /** The region slug that it is in. */
    region?: string;
    /** DigitalOcean's id of it, once it is known. */
    id?: string;
    /** How large its file system is, in GB. */
    sizeGB?: number;
    /** The droplet that it is mounted on; none while it is on its way. */
    serverID?: number;
  };
  /** The project's reserved IP. */
  reservedIP?: {
    /** The droplet that it was first asked for; written down before. */
    requestedFor?: number;
    /** The address, once it is known. */
    address?: string;
    /** The droplet that it leads to; none while it is on its way. */
    serverID?: number;
  };
  /** DropletsReady, the Droplets are as the spec asks. FirewallReady, once there are servers to protect, so are the firewalls. DataVolumeReady and ReservedIPReady where they are asked for. Ready, all of these. ConfirmationRequired while the gate holds a deletion, and RowHeld while its row of projects.csv cannot be followed, though others are. */
  conditions?: Condition[];
}

/** A Project is one row of projects.csv: a master droplet that balances the load, and servers - 1 web droplets that run the project's services. */
export interface Project extends KubernetesObject {
  kind: 'Project';
  spec: ProjectSpec;
  status?: ProjectStatus;
}
