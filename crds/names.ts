/** The API group of the nouns. */
export const GROUP = 'dropfleet.io';
/** Its only version. */
export const VERSION = 'v1alpha1';
/** What `apiVersion` says in every one of our objects. */
export const API_VERSION = `${GROUP}/${VERSION}`;

/** On every Droplet and ServiceDeployment: the Project's name. */
export const PROJECT_LABEL = 'dropfleet.io/project';
/** On every Droplet: `master` or `web`. */
export const ROLE_LABEL = 'dropfleet.io/role';
/** Where a Project came from; `csv` means that projects.csv wins over edits by hand. */
export const SOURCE_LABEL = 'dropfleet.io/source';
/** Keeps a Droplet until the cloud says that the server is gone. */
export const DROPLET_FINALIZER = 'dropfleet.io/droplet';
/**
 * On a web Droplet: the load balancer of its project may have requests under way to it. It is put on before the first
 * request can come and taken off when the last has ended; until then the server is neither stopped nor destroyed.
 */
export const LOAD_BALANCER_FINALIZER = 'dropfleet.io/load-balancer';
/** Keeps a Project until its Droplets are gone. */
export const PROJECT_FINALIZER = 'dropfleet.io/project';
/**
 * On a Project or Droplet: what is held of it is allowed. Its value is the confirmation that the condition
 * ConfirmationRequired names, which says what exactly, and until when; it is taken off when it was used.
 */
export const CONFIRM_ANNOTATION = 'dropfleet.io/confirm';
/** The type of the condition of an object of which something is held until a person confirms it. */
export const CONFIRMATION_REQUIRED = 'ConfirmationRequired';
/** The type of the condition of a Project whose row of projects.csv is not followed, while others are. */
export const ROW_HELD = 'RowHeld';
/** On any object: a new value makes the operator reconcile it at once, whatever it waits for. */
export const RECONCILE_ANNOTATION = 'dropfleet.io/reconcile-requested-at';

/** On a ServiceDeployment: a new value, such as the time, restarts its containers, as any other change does. */
export const RESTARTED_ANNOTATION = 'dropfleet.io/restarted-at';
/** Keeps a ServiceDeployment until its containers are gone. */
export const SERVICE_FINALIZER = 'dropfleet.io/service';

/**
 * On a Droplet: the SHA-256 fingerprint of an SSH host key that a person vouches for. It is pinned as soon as the
 * host shows it.
 */
export const ACCEPT_HOST_KEY_ANNOTATION = 'dropfleet.io/accept-host-key';

/**
 * On a Secret of services' secrets: the keys that a deploy brought along, out of variables that the operator does not
 * see. They win over what the operator finds, as those variables would, until a deploy brings others or none.
 */
export const STORED_KEYS_ANNOTATION = 'dropfleet.io/stored-keys';

/** The ConfigMap by which `dropfleet update-ip` tells the operator whom SSH lets in. */
export const ADMIN_ACCESS_CONFIG_MAP = 'dropfleet-admin-access';

/**
 * On a Droplet that has no server: DigitalOcean's id of the one that it is to take over, as a person allows by
 * writing it here. Nothing is bought for the Droplet meanwhile. On one that is being deleted: the id of its own server,
 * which is kept then.
 */
export const ADOPT_ANNOTATION = 'dropfleet.io/adopt';

/**
 * On a Droplet: a person wants its server replaced, whatever its observers say. The value (recover-wish.ts) is DigitalOcean's id of that
 * server, so that it is not taken for a wish about the next one; it is taken off when the replacement begins.
 */
export const RECOVER_ANNOTATION = 'dropfleet.io/recover';

/**
 * On a Droplet: a person wants a restore drill of it. The value is a word of its own, so that it is not taken for one that
 * was followed already; it is taken off when the drill begins.
 */
export const DRILL_ANNOTATION = 'dropfleet.io/drill';
/** Keeps a Droplet until the server of its restore drill is gone. */
export const DRILL_FINALIZER = 'dropfleet.io/drill';

/** On the operator's Lease: the fleet that it keeps. */
export const FLEET_LABEL = 'dropfleet.io/fleet';

/** The ConfigMap that says what the fleet belongs to: its account, its Kubernetes API, its SSH key, its rows. */
export const FLEET_CONFIG_MAP = 'dropfleet-fleet';
/** The ConfigMap by which the gate remembers what it let through and what it holds. */
export const GATE_CONFIG_MAP = 'dropfleet-gate';
/** The ConfigMap that says for which Project each reserved IP was asked for. */
export const ADDRESS_CONFIG_MAP = 'dropfleet-addresses';
/** The ConfigMap that keeps what is still to be sent to people, and what they were told. */
export const OUTBOX_CONFIG_MAP = 'dropfleet-outbox';

/** The name of a project's master droplet. */
export const masterName = (project: string): string => `${project}-master`;
/** The name of a project's n-th web droplet, from 1. */
export const webName = (project: string, n: number): string => `${project}-web${n}`;

/** The names of all droplets of a project with that many servers (1-100): the master, then web1 and on. */
export function dropletNames(project: string, servers: number): string[] {
  const webs = Array.from({ length: servers - 1 }, (_, i) => webName(project, i + 1));
  return [masterName(project), ...webs];
}
