import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { targetsOf, type Member } from '../health/topology.ts';

/** Where something answers, as far as TCP goes. */
export interface Place {
  /** In the VPC. */
  readonly address: string;
  /** Whichever of them takes or refuses a connection proves that the machine is there. */
  readonly ports: readonly number[];
}

/** One server that observes another. */
export interface Pair {
  /** Tells it from all others; another one when the target gets another server. */
  readonly id: string;
  readonly observer: ObjectKey;
  readonly target: ObjectKey;
  /** DigitalOcean's id of the target's server. */
  readonly dropletID: number;
  readonly place: Place;
  /**
   * Who must answer the observer before the silence of the target says anything: one of these, when there are any.
   * Servers of the project first, then others of the fleet in the same region, and so the same VPC.
   */
  readonly references: readonly Place[];
}

/** What the pairs follow from. */
export interface Fleet {
  readonly droplets: readonly Droplet[];
  readonly services: readonly ServiceDeployment[];
  /** Where sshd answers. */
  readonly sshPort: number;
}

/** Where nginx answers on a master. */
const HTTP_PORT = 80;
/** More are not asked: one answer is enough. */
const MOST_REFERENCES = 3;

/** Whom a server observes. Targets that were never reached yet are still booting, and are not among them. */
export function pairsOf(observer: Droplet, fleet: Fleet): Pair[] {
  const members = fleet.droplets.filter(other => isSameProject(other, observer) && isWanted(other));
  const targets = new Set(targetsOf(memberOf(observer), members.map(memberOf)).map(({ name }) => name));
  return members
    .filter(({ metadata }) => targets.has(metadata.name))
    .flatMap(target => pairOf(observer, target, fleet));
}

/** Whether it can be observed from: somebody has been on its host. */
export const isVantage = (droplet: Droplet): boolean =>
  isWanted(droplet) && wasReached(droplet) && droplet.status?.server?.publicAddress !== undefined;

function pairOf(observer: Droplet, target: Droplet, fleet: Fleet): Pair[] {
  const id = target.status?.server?.id;
  const place = placeOf(target, fleet);
  if (id === undefined || place === undefined) return [];
  return [
    {
      id: `${keyOf(observer)} ${keyOf(target)} ${id}`,
      observer: keyOf(observer),
      target: keyOf(target),
      dropletID: id,
      place,
      references: referencesFor(observer, target, fleet),
    },
  ];
}

function referencesFor(observer: Droplet, target: Droplet, fleet: Fleet): Place[] {
  const others = fleet.droplets.filter(
    other =>
      ![keyOf(observer), keyOf(target)].includes(keyOf(other)) &&
      isWanted(other) &&
      other.spec.region === observer.spec.region,
  );
  const own = others.filter(other => isSameProject(other, observer));
  const foreign = others.filter(other => !isSameProject(other, observer));
  return [...own, ...foreign].flatMap(other => placeOf(other, fleet) ?? []).slice(0, MOST_REFERENCES);
}

/** The host plane: sshd, and beside it what answers requests there. */
function placeOf(droplet: Droplet, { services, sshPort }: Fleet): Place | undefined {
  const address = droplet.status?.server?.privateAddress;
  if (address === undefined || !wasReached(droplet)) return undefined;
  const other = droplet.spec.role === 'master' ? HTTP_PORT : endpointPort(droplet, address, services);
  return { address, ports: [sshPort, ...(other === undefined ? [] : [other])] };
}

/** The first port that a service answers at there. */
function endpointPort(
  { metadata }: Droplet,
  address: string,
  services: readonly ServiceDeployment[],
): number | undefined {
  const endpoints = services
    .filter(service => service.metadata.namespace === metadata.namespace)
    .flatMap(({ status }) => status?.endpoints ?? [])
    .filter(endpoint => endpoint.droplet === metadata.name && endpoint.address.startsWith(`${address}:`));
  const ports = endpoints.map(endpoint => Number(endpoint.address.slice(address.length + 1)));
  return ports.toSorted((a, b) => a - b)[0];
}

/** The host key is pinned when the host first let dropfleet in. */
const wasReached = ({ status }: Droplet): boolean =>
  status?.server?.id !== undefined &&
  status.host?.serverID === status.server.id &&
  status.host.keyFingerprint !== undefined;

const isWanted = ({ metadata }: Droplet): boolean => metadata.deletionTimestamp === undefined;

const isSameProject = (one: Droplet, other: Droplet): boolean =>
  one.metadata.namespace === other.metadata.namespace && one.spec.project === other.spec.project;

const memberOf = ({ metadata, spec }: Droplet): Member => ({ name: metadata.name, role: spec.role });
