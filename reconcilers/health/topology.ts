// Who observes whom in a project, and how many of them must agree before a server counts as dead.
//
//     webs | a web's observers                | the master's observers
//     -----+----------------------------------+------------------------------------
//     0    | -                                | witness: it may alert, never act
//     1    | master, witness: both            | web, witness: both
//     2    | master, other web, witness: 2    | both webs, witness: 2 of 3
//     3..  | master, ring neighbour, witness: | all n webs, witness:
//          | 2 of 3                           | floor((n + 1) / 2) + 1 of n + 1
//
// The observers are those that are configured, never those that happen to be alive: a fleet that is half gone needs as
// many votes as a whole one.

/** A server of a project, as far as it is watched. */
export interface Member {
  /** The Droplet's name, which tells it from the others of its project. */
  name: string;
  role: 'master' | 'web';
}

/** The observer that is no server of the project: the operator's own look, and the cloud's word. */
export const WITNESS = 'witness';

/** Who watches a server, and how many votes make it dead. */
export interface Watch {
  /** Names of Droplets of the project, then WITNESS. */
  observers: readonly string[];
  /** How many of the observers must vote, one of them a server at least; undefined where no number would be proof. */
  quorum: number | undefined;
}

/**
 * The observers of one server.
 *
 * @param members all servers that the project is to have, those that are being deleted left out.
 */
export function watchOf(target: Member, members: readonly Member[]): Watch {
  const servers = target.role === 'master' ? namesOf(members, 'web') : observersOfWeb(target, members);
  const observers = [...servers, WITNESS];
  return { observers, quorum: servers.length === 0 ? undefined : Math.floor(observers.length / 2) + 1 };
}

/** The servers that one observes: the other direction of watchOf. */
export const targetsOf = (observer: Member, members: readonly Member[]): Member[] =>
  members.filter(
    target => target.name !== observer.name && watchOf(target, members).observers.includes(observer.name),
  );

/** The master, and the web before it in the ring. */
function observersOfWeb({ name }: Member, members: readonly Member[]): string[] {
  const ring = namesOf(members, 'web');
  const before = ring.at(ring.indexOf(name) - 1);
  const neighbour = before === undefined || before === name ? [] : [before];
  return [...namesOf(members, 'master'), ...neighbour];
}

const namesOf = (members: readonly Member[], wanted: Member['role']): string[] =>
  members
    .filter(({ role }) => role === wanted)
    .map(({ name }) => name)
    .toSorted(byNumber);

/** So that web10 comes after web9, on every machine. */
export const byNumber = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : 1);
