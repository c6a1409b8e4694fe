import type { Clock } from '../../clients/clock.ts';
import type { Cloud, CloudDroplet } from '../../clients/digitalocean/cloud.ts';
import type { ServerInformer } from '../../clients/digitalocean/server-informer.ts';
import type { KubernetesClient, Reader } from '../../clients/kubernetes/client.ts';
import type { Logger } from '../../clients/log.ts';
import { apiOf, fleetTag, uidOf } from '../../crds/cloud-tags.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { FLEET_CONFIG_MAP } from '../../crds/names.ts';
import { readFleetRecord, writeFleetRecord, type FleetRecord } from '../fleet-record/fleet-record.ts';
import { Waiting } from '../outcome.ts';
import type { Doubt } from './effect.ts';
import { FLEET_TAKEN } from './policy.ts';

/** Whether this operator is the one that the fleet belongs to, and the fleet in the account that it was made in. */
export interface Standing {
  /**
   * Why nothing may be done, if so. Asks the account and the fleet's record when that was not done yet, or a while
   * ago while something was wrong. Rejects when it cannot be known.
   */
  problem(signal: AbortSignal): Promise<Doubt | undefined>;
  /** The same as it was last found, without asking anybody; undefined, too, where nobody has asked yet. */
  lastProblem(): Doubt | undefined;
  /**
   * The name of another fleet of this account that has servers of a project of that name; looked for once, and only
   * where this fleet has no server yet: a new machine may have lost its own fleet's name.
   */
  otherFleetWith(project: string, signal: AbortSignal): Promise<string | undefined>;
  /** The account and the record are asked again before anything else is done: something strange was seen. */
  doubt(): void;
  /** The most droplets that the account may have; undefined while that is not known. */
  dropletLimit(): number | undefined;
}

/** What an operator knows of itself. */
export interface Identity {
  /** The fleet's name. */
  fleet: string;
  /** The uid of the kube-system of the Kubernetes API that it works on. */
  api: string;
  /** The machine that the API's data is on, where the API is one of our own; undefined in a cluster. */
  machine?: string;
}

export interface StandingOptions {
  kubernetes: Pick<KubernetesClient, 'get' | 'create' | 'patch'>;
  cloud: Pick<Cloud, 'getAccount' | 'listDroplets'>;
  servers: Pick<ServerInformer, 'list' | 'lastListStartedAt' | 'doubt'>;
  droplets: Pick<Reader<Droplet>, 'list'>;
  /** The names of the other fleets of the account. */
  otherFleets: (signal: AbortSignal) => Promise<readonly string[]>;
  /** The operator's. */
  namespace: string;
  identity: Identity;
  clock: Clock;
  log: Logger;
}

/** How often the account and the record are asked again while something is wrong with them. */
const AGAIN_MS = 10_000;

/** A problem that a person can decide by changing the record: `accept` is what it would say then. */
export interface StandingProblem extends Doubt {
  accept?: Belonging;
}

type Belonging = Pick<FleetRecord, 'fleet' | 'account' | 'api' | 'machine'>;

/** A standing that nothing is known of yet. */
export function createStanding(options: StandingOptions): Standing {
  const { clock, servers, identity, log } = options;
  let known: { problem?: StandingProblem; at: number } | undefined;
  let limit: number | undefined;
  let logged: string | undefined;
  /** The fleet that a project's servers belong to, by the project. */
  let others: Promise<ReadonlyMap<string, string>> | undefined;
  let strangers: { at: number | undefined; problem?: Doubt } = { at: undefined };

  async function ask(signal: AbortSignal): Promise<void> {
    const account = await options.cloud.getAccount(signal);
    limit = account.dropletLimit;
    const { kubernetes, namespace, droplets } = options;
    const record = await readFleetRecord(kubernetes, namespace, signal);
    const belonging = { ...identity, account: account.uuid };
    const seen = { droplets: droplets.list(), servers: servers.list(), namespace };
    if (needsServers(record, seen) && servers.lastListStartedAt() === undefined)
      throw new Waiting('the droplets have not been listed yet', FIRST_LIST_MS);
    const problem = recordProblem(record, belonging, seen);
    if (problem === undefined) await complete(record, belonging, signal);
    known = { at: clock.monotonic(), ...(problem && { problem }) };
  }

  async function complete(record: FleetRecord, is: Belonging, signal: AbortSignal): Promise<void> {
    const news = Object.entries(is).filter(([name, value]) => record[name as keyof FleetRecord] !== value);
    if (news.length > 0)
      await writeFleetRecord(options.kubernetes, options.namespace, Object.fromEntries(news), signal);
  }

  async function listOthers(signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    try {
      const fleets = await options.otherFleets(signal);
      const lists = await Promise.all(
        fleets.map(other => options.cloud.listDroplets(fleetTag(other), signal)),
      );
      return projectsIn(lists.flat(), identity);
    } catch (error) {
      others = undefined;
      throw error;
    }
  }

  const hasServers = (): boolean =>
    options.droplets.list().some(({ status }) => status?.server?.id !== undefined);

  /** The list is searched once, however often it is asked about. */
  function strangersIn(): Doubt | undefined {
    const at = servers.lastListStartedAt();
    if (strangers.at !== at) {
      const problem = strangerProblem(servers.list(), identity);
      strangers = { at, ...(problem && { problem }) };
    }
    return strangers.problem;
  }

  /** The informer itself says so in the log. */
  function unseenIn(): Doubt | undefined {
    const message = servers.doubt();
    return message === undefined ? undefined : { reason: 'DropletsUnreadable', message };
  }

  return {
    async problem(signal) {
      const isOld = known?.problem !== undefined && clock.monotonic() - known.at >= AGAIN_MS;
      if (known === undefined || isOld) await ask(signal);
      const problem = known?.problem ?? strangersIn();
      if (problem?.message !== logged) {
        if (problem !== undefined) log.error(`changes on hold: ${problem.message}`);
        else if (logged !== undefined) log.warn('account and Kubernetes API verified; changes resumed');
        logged = problem?.message;
      }
      return problem ?? unseenIn();
    },
    lastProblem: () => known && (known.problem ?? strangersIn() ?? unseenIn()),
    async otherFleetWith(project, signal) {
      others ??= hasServers() ? Promise.resolve(new Map()) : listOthers(signal);
      return (await others).get(project);
    },
    doubt() {
      if (known !== undefined && clock.monotonic() - known.at >= AGAIN_MS) known = undefined;
    },
    dropletLimit: () => limit,
  };
}

/**
 *     the record says     | this operator has | then
 *     --------------------+-------------------+---------------------------------------------
 *     another account     | any               | held: another token, or another address
 *     another API         | any               | held: the record was copied to another cluster
 *     another machine     | its own API       | held: the state directory was copied
 *     another fleet       | any               | held: DROPFLEET_FLEET was changed
 *     nothing of it       | no servers yet    | written down
 *     nothing of it       | servers, and the  | written down
 *                         |  account has one  |
 *     nothing of it       | servers, and the  | held: it cannot be told whose they are
 *                         |  account has none |
 */
function recordProblem(record: FleetRecord, is: Belonging, seen: Seen): StandingProblem | undefined {
  const { droplets, servers, namespace } = seen;
  const isOther = (name: keyof Belonging): boolean =>
    record[name] !== undefined && is[name] !== undefined && identityIn(record[name]) !== identityIn(is[name]);
  const problem = (reason: string, message: string, accept?: Belonging): StandingProblem =>
    accept === undefined
      ? { reason, message }
      : {
          reason,
          accept,
          message: `${message}, "dropfleet confirm" accepts it, as does "kubectl -n ${namespace} patch configmap ${FLEET_CONFIG_MAP} -p '${JSON.stringify({ data: accept })}'"`,
        };
  const [account, api, machine] = [is.account!, is.api!, is.machine!];
  if (isOther('account'))
    return problem(
      'AccountChanged',
      `the fleet belongs to the DigitalOcean account ${record.account}, and DO_TOKEN is of the account ${account}: use a token of the former. To start the fleet over in the latter`,
      { account },
    );
  if (isOther('api'))
    return problem(
      'ApiChanged',
      `the fleet belongs to the Kubernetes API ${record.api}, and this one is ${api}: its objects were copied. Work with the former. If that is gone for good`,
      { api },
    );
  if (isOther('machine'))
    return problem(
      'MachineChanged',
      `the state directory belongs to the machine ${record.machine}, and this is ${machine}: two copies of it would work against each other. If it was moved, and nothing of it runs there any more`,
      { machine },
    );
  if (isOther('fleet'))
    return problem(
      'FleetRenamed',
      `the fleet's name is ${record.fleet}, and DROPFLEET_FLEET says ${is.fleet}: its servers carry the former and would be left behind. Put it back`,
    );
  if (!needsServers(record, seen)) return undefined;
  const uids = new Set(droplets.map(({ metadata }) => metadata.uid));
  if (servers.some(({ tags }) => uids.has(uidOf(tags)))) return undefined;
  const known = droplets.filter(hasServer).length;
  return problem(
    'AccountUnknown',
    `it is not on record which DigitalOcean account the fleet belongs to, and that of DO_TOKEN (${account}) has none of its ${known} servers: use the token that they were made with. If they are gone for good`,
    { account },
  );
}

/** What is considered besides the record. */
interface Seen {
  droplets: readonly Droplet[];
  /** Those that carry the fleet's tag. */
  servers: readonly CloudDroplet[];
  /** The operator's. */
  namespace: string;
}

const hasServer = ({ status }: Droplet): boolean => status?.server?.id !== undefined;

/** Whether only the servers themselves can tell which account the fleet belongs to. */
const needsServers = ({ account }: FleetRecord, { droplets }: Seen): boolean =>
  account === undefined && droplets.some(hasServer);

/** The same judgement for a command, which brings what it has read and writes nothing. */
export function examineStanding({
  record,
  identity,
  account,
  ...seen
}: Seen & { record: FleetRecord; identity: Identity; account: string }): StandingProblem | undefined {
  return recordProblem(record, { ...identity, account }, seen) ?? strangerProblem(seen.servers, identity);
}

const FIRST_LIST_MS = 1_000;

/** A machine is known by its id, and called by its name: `4c4c4544@web1`. */
const identityIn = (text: string | undefined): string | undefined => text?.split('@')[0];

/** Servers of a fleet of this name that another Kubernetes API keeps. */
function strangerProblem(servers: readonly CloudDroplet[], { fleet, api }: Identity): Doubt | undefined {
  const theirs = servers.filter(({ tags }) => (apiOf(tags) ?? api) !== api);
  if (theirs.length === 0) return undefined;
  const names = theirs.map(({ id, name }) => `${name} (${id})`).slice(0, 5);
  const rest = theirs.length > 5 ? ` and ${theirs.length - 5} more` : '';
  return {
    reason: FLEET_TAKEN,
    message: `${theirs.length} servers of the fleet ${fleet} belong to another Kubernetes API, ${apiOf(theirs[0]!.tags)}: ${names.join(', ')}${rest}. If that API is gone for good, "dropfleet adopt" takes them over; else give this fleet another name by DROPFLEET_FLEET`,
  };
}

/** The projects that other fleets have servers of, and which fleet. */
function projectsIn(servers: readonly CloudDroplet[], { fleet }: Identity): Map<string, string> {
  const found = servers.flatMap(({ tags }) => tags.flatMap(tag => placeIn(tag) ?? []));
  return new Map(
    found.filter(place => place.fleet !== fleet).map(({ project, fleet: other }) => [project, other]),
  );
}

function placeIn(tag: string): { fleet: string; project: string } | undefined {
  const { fleet, project } =
    /^dropfleet:(?<fleet>[^:]+):(?<project>[^:]+):(?:master|web)$/.exec(tag)?.groups ?? {};
  return fleet === undefined || project === undefined ? undefined : { fleet, project };
}
