import type { ServiceDeploymentSpec } from '../../crds/service-deployment.ts';

type Environment = ServiceDeploymentSpec['environment'];

/** What a version says of itself. */
export interface ParsedVersion {
  /** The release that it comes after, such as v0.1.0. */
  base: string;
  environment: Environment;
  /** The beginning of the minute in which it was made. */
  madeAt: Date;
  /** For files that came from a person's folder: the start of git's id of them. */
  localTree?: string;
}

/** `v1.2.3-uat-20241215-1430`, and with `-local-` and part of a tree's id for what is no commit. */
const VERSION =
  /^(v\d+\.\d+\.\d+)-(prod|uat|test)-(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})(?:-local-([0-9a-f]{7,}))?$/;
const RELEASE = /^v(\d+)\.(\d+)\.(\d+)$/;
const FIRST_RELEASE = 'v0.1.0';
const MINUTE_MS = 60_000;

/** Undefined for what dropfleet did not make. */
export function parseVersion(text: string): ParsedVersion | undefined {
  const match = VERSION.exec(text);
  if (match === null) return undefined;
  const [, base, environment, year, month, day, hour, minute, localTree] = match;
  const madeAt = new Date(`${year}-${month}-${day}T${hour}:${minute}:00Z`);
  if (Number.isNaN(madeAt.getTime())) return undefined;
  return {
    base: base!,
    environment: environment as Environment,
    madeAt,
    ...(localTree !== undefined && { localTree }),
  };
}

/**
 * The tag for what is deployed now. Of a minute whose tag is taken, the next that is free is used: so every tag is
 * another, stays in the form that scripts know, and sorts behind those before it.
 *
 * @param names every tag and version that there is, of whatever kind.
 */
export function nextTag(environment: Environment, names: Iterable<string>, now: Date): string {
  const taken = new Set(names);
  const base = newestRelease(taken) ?? FIRST_RELEASE;
  for (let time = now.getTime(); ; time += MINUTE_MS) {
    const tag = `${base}-${environment}-${minuteOf(new Date(time))}`;
    if (!taken.has(tag)) return tag;
  }
}

/** The version of files that came from a folder; the same files in the same minute are the same version. */
export function localVersion(
  environment: Environment,
  names: Iterable<string>,
  tree: string,
  now: Date,
): string {
  const base = newestRelease(names) ?? FIRST_RELEASE;
  return `${base}-${environment}-${minuteOf(now)}-local-${tree.slice(0, 7)}`;
}

/** The greatest by semantic versioning; pre-releases and other tags are none. */
function newestRelease(names: Iterable<string>): string | undefined {
  return [...names].filter(name => RELEASE.test(name)).reduce<string | undefined>(greater, undefined);
}

function greater(a: string | undefined, b: string): string {
  if (a === undefined) return b;
  const [numbersA, numbersB] = [numbersOf(a), numbersOf(b)];
  const at = numbersA.findIndex((number, i) => number !== numbersB[i]);
  return at >= 0 && numbersB[at]! > numbersA[at]! ? b : a;
}

/** Of any length, so that no number is too great to be compared. */
const numbersOf = (release: string): bigint[] => RELEASE.exec(release)!.slice(1).map(BigInt);

/** `20241215-1430`, in UTC. */
const minuteOf = (time: Date): string =>
  time.toISOString().slice(0, 16).replaceAll('-', '').replace('T', '-').replace(':', '');
