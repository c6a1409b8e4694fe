import type { ServiceDeploymentSpec } from '../../crds/service-deployment.ts';

/** A secret as a service is given it: `name` is the variable's name inside its container, in upper case. */
export interface WantedSecret extends Pick<ServiceDeploymentSpec, 'project' | 'environment'> {
  name: string;
}

/** Where a secret may stand: in a variable, or under a key of a Kubernetes Secret. */
export type SecretPlace = { variable: string } | { secret: string; key: string };

/** A place that holds something. `source` is `environment`, the path of the .env file, or `kubernetes`. */
export type HeldPlace = SecretPlace & { source: string };

/** What is known of a place that holds something, which is never what it holds. */
export interface Held {
  source: string;
  /** Nothing, or nothing but white space. */
  isEmpty: boolean;
  /** A deploy brought it along: it wins over every other place. */
  isStored?: true;
}

/** What a place holds; undefined when there is no such variable or key. */
export type Look = (place: SecretPlace) => Held | undefined;

/** A Kubernetes Secret without its values. */
export interface SeenSecret {
  name: string;
  /** The project that its label names. */
  project?: string;
  /** By its keys: whether there is nothing, or nothing but white space; whether a deploy brought it along. */
  keys: ReadonlyMap<string, Omit<Held, 'source'>>;
}

/** Where a secret comes from, or that it is missing. */
export interface ResolvedSecret {
  name: string;
  /** Undefined when it is missing. */
  from?: HeldPlace;
  /** Every place, in the order in which they are tried. */
  places: SecretPlace[];
  /** Those of them that are empty, and so passed over; none that comes after `from`. */
  empty: HeldPlace[];
}

/**
 * Every place of a secret, in the order in which they are tried: the most specific name wins, wherever it stands, and
 * of one name the variable wins. What is the same under two names is tried once.
 *
 * | level                   | variable, of the environment, else of .env | else Secret             | key    |
 * | ----------------------- | ------------------------------------------ | ----------------------- | ------ |
 * | project and environment | `PROJECT_ENV_NAME`                         | `<project>-<env>`       | `NAME` |
 * | project                 | `PROJECT_NAME`                             | `<project>`             | `NAME` |
 * | environment             | `ENV_NAME`                                 | none: each is a project's |      |
 * | everything              | `NAME`                                     | none                    |        |
 */
export function placesOf({ project, environment, name }: WantedSecret): SecretPlace[] {
  const [forProject, forEnvironment] = [prefixOf(project), prefixOf(environment)];
  const [ofBoth, ofProject] = secretNamesOf(project, environment);
  const places: SecretPlace[] = [
    { variable: `${forProject}${forEnvironment}${name}` },
    { secret: ofBoth, key: name },
    { variable: `${forProject}${name}` },
    { secret: ofProject, key: name },
    { variable: `${forEnvironment}${name}` },
    { variable: name },
  ];
  // A project may be called prod.
  return places.filter((place, i) => !places.slice(0, i).some(other => isSame(place, other)));
}

/** The Kubernetes Secrets of a project in an environment, the more specific first. */
export const secretNamesOf = (project: string, environment: string): [string, string] => [
  `${project}-${environment}`,
  project,
];

/** Looks up variables, and those of the Secrets that are the project's by their label. */
export const lookupIn =
  (project: string, variables: (name: string) => Held | undefined, secrets: readonly SeenSecret[]): Look =>
  place => {
    if ('variable' in place) return variables(place.variable);
    const secret = secrets.find(({ name }) => name === place.secret);
    const held = secret?.project === project ? secret.keys.get(place.key) : undefined;
    return held && { source: 'kubernetes', ...held };
  };

/** Takes the first place that holds more than nothing; before all, what a deploy brought along. */
export function resolveSecret(wanted: WantedSecret, lookup: Look): ResolvedSecret {
  const places = placesOf(wanted);
  const inOrder = places.flatMap(place => {
    const found = lookup(place);
    return found === undefined ? [] : [{ place: { ...place, source: found.source }, ...found }];
  });
  const held = [
    ...inOrder.filter(({ isStored }) => isStored),
    ...inOrder.filter(({ isStored }) => !isStored),
  ];
  const first = held.findIndex(({ isEmpty }) => !isEmpty);
  const passed = first < 0 ? held : held.slice(0, first);
  const from = held[first]?.place;
  const empty = passed.map(({ place }) => place);
  return { name: wanted.name, ...(from && { from }), places, empty };
}

/** A name as the beginning of a variable's, which has no dashes. */
const prefixOf = (name: string): string => `${name.toUpperCase().replaceAll('-', '_')}_`;

const isSame = (a: SecretPlace, b: SecretPlace): boolean =>
  'variable' in a && 'variable' in b && a.variable === b.variable;
