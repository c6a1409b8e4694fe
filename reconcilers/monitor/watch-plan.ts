import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { watchOf, type Member } from '../health/topology.ts';

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

/**
 * Whom these servers observe. Targets that were never reached yet are still booting, and are not among them. The time
 * it takes grows with the fleet, and within a project with the square of its servers, of which there are 100 at most.
 */
export function pairsOf(observers: readonly Droplet[], fleet: Fleet): Pair[] {
  const wanted = fleet.droplets.filter(isWanted);
  const located = locate(wanted, fleet);
  const regions = Map.groupBy(located, ({ droplet }) => droplet.spec.region);
  const projects = Map.groupBy(wanted, projectOf);
  const places = Map.groupBy(located, ({ droplet }) => projectOf(droplet));
  return [...Map.groupBy(observers, projectOf)].flatMap(([project, own]) => {
    const servers = places.get(project) ?? [];
    const watched = watchedBy(projects.get(project) ?? []);
    return own.flatMap(observer => {
      const targets = watched.get(observer.metadata.name) ?? new Set();
      const neighbours = neighboursOf(observer, servers, regions);
      return servers
        .filter(({ droplet }) => targets.has(droplet.metadata.name))
        .map(target => pairOf(observer, target, neighbours));
    });
  });
}

/** A server that answers somewhere, as far as is known. */
interface Located {
  readonly droplet: Droplet;
  readonly place: Place;
}

/** Whether it can be observed from: somebody has been on its host. */
export const isVantage = (droplet: Droplet): boolean =>
  isWanted(droplet) && wasReached(droplet) && droplet.status?.server?.publicAddress !== undefined;

/** By observer, the names of those that it watches, in one project. */
function watchedBy(droplets: readonly Droplet[]): Map<string, Set<string>> {
  const members = droplets.map(memberOf);
  const watched = new Map<string, Set<string>>();
  for (const target of members)
    for (const observer of watchOf(target, members).observers)
      watched.set(observer, (watched.get(observer) ?? new Set()).add(target.name));
  return watched;
}

/** More than are asked, as one of them may be the target. */
function neighboursOf(
  observer: Droplet,
  servers: readonly Located[],
  regions: ReadonlyMap<string, readonly Located[]>,
): Located[] {
  const { region } = observer.spec;
  const own = servers.filter(({ droplet }) => droplet !== observer && droplet.spec.region === region);
  const neighbours = own.slice(0, MOST_REFERENCES + 1);
  for (const other of regions.get(region) ?? []) {
    if (neighbours.length > MOST_REFERENCES) break;
    if (projectOf(other.droplet) !== projectOf(observer)) neighbours.push(other);
  }
  return neighbours;
}

function pairOf(observer: Droplet, target: Located, neighbours: readonly Located[]): Pair {
  const dropletID = target.droplet.status!.server!.id!;
  const references = neighbours.filter(other => other !== target).slice(0, MOST_REFERENCES);
  return {
    id: `${keyOf(observer)} ${keyOf(target.droplet)} ${dropletID}`,
    observer: keyOf(observer),
    target: keyOf(target.droplet),
    dropletID,
    place: target.place,
    references: references.map(({ place }) => place),
  };
}

/** Where they answer; those that were never reached are left out. */
function locate(droplets: readonly Droplet[], { services, sshPort }: Fleet): Located[] {
  const endpoints = endpointsByDroplet(services);
  return droplets.flatMap(droplet => {
    const place = placeOf(droplet, endpoints, sshPort);
    return place === undefined ? [] : [{ droplet, place }];
  });
}

/** The host plane: sshd, and beside it what answers requests there. */
function placeOf(
  droplet: Droplet,
  endpoints: ReadonlyMap<ObjectKey, readonly string[]>,
  sshPort: number,
): Place | undefined {
  const address = droplet.status?.server?.privateAddress;
  if (address === undefined || !wasReached(droplet)) return undefined;
  const ports = (endpoints.get(keyOf(droplet)) ?? [])
    .filter(endpoint => endpoint.startsWith(`${address}:`))
    .map(endpoint => Number(endpoint.slice(address.length + 1)))
    .toSorted((a, b) => a - b);
  const other = droplet.spec.role === 'master' ? HTTP_PORT : ports[0];
  return { address, ports: [sshPort, ...(other === undefined ? [] : [other])] };
}

/** The addresses that services answer at, by Droplet. */
function endpointsByDroplet(services: readonly ServiceDeployment[]): Map<ObjectKey, string[]> {
  const endpoints = new Map<ObjectKey, string[]>();
  for (const { metadata, status } of services)
    for (const { droplet, address } of status?.endpoints ?? []) {
      const key = `${metadata.namespace}/${droplet}`;
      const known = endpoints.get(key);
      if (known === undefined) endpoints.set(key, [address]);
      else known.push(address);
    }
  return endpoints;
}

/** The host key is pinned when the host first let dropfleet in. */
const wasReached = ({ status }: Droplet): boolean =>
  status?.server?.id !== undefined &&
  status.host?.serverID === status.server.id &&
  status.host.keyFingerprint !== undefined;

const isWanted = ({ metadata }: Droplet): boolean => metadata.deletionTimestamp === undefined;

const projectOf = ({ metadata, spec }: Droplet): ObjectKey => `${metadata.namespace}/${spec.project}`;

const memberOf = ({ metadata, spec }: Droplet): Member => ({ name: metadata.name, role: spec.role });
