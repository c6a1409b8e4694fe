import { didYouMean } from './near-match.ts';
import type { Problem } from './problems.ts';
import type { ProjectRow } from './projects-csv.ts';

/** What is known of a droplet size; DigitalOcean's list says it. */
export interface OfferedSize {
  slug: string;
  available: boolean;
  /** Slugs of the regions that offer it. */
  regions: readonly string[];
}

/** What is wrong with a size that a row names. */
export interface SizeProblem extends Problem {
  project: string;
  /** DigitalOcean has the size, but not there, or not now: no mistake of the file, and it may pass. */
  exists: boolean;
}

/**
 * What is wrong with the sizes that the rows name. A project of one server has no webs, so its WebSpec is not
 * looked at.
 * @param regionOf the slug of the region that a project's droplets go to.
 */
export function checkSizes(
  rows: readonly ProjectRow[],
  sizes: readonly OfferedSize[],
  regionOf: (project: string) => string,
): SizeProblem[] {
  const known = new Set(sizes.map(size => size.slug));
  const offeredIn = memoized(
    (region: string) =>
      new Set(sizes.filter(size => size.available && size.regions.includes(region)).map(size => size.slug)),
  );
  const complain = (row: ProjectRow, field: 'masterSpec' | 'webSpec', region: string): SizeProblem => {
    const found = row[field];
    const exists = known.has(found);
    const what = exists ? `this size is not offered in ${region} now` : 'there is no such size';
    const message = `${what}${didYouMean(found, offeredIn(region)) || '; `doctl compute size list` shows them all'}`;
    return { file: row.file, ...row.places[field], found, message, project: row.project, exists };
  };
  return rows.flatMap(row => {
    const region = regionOf(row.project);
    const offered = offeredIn(region);
    return usedSizes(row).flatMap(field => (offered.has(row[field]) ? [] : complain(row, field, region)));
  });
}

function memoized<R>(work: (key: string) => R): (key: string) => R {
  const known = new Map<string, R>();
  return key => {
    const result = known.get(key) ?? work(key);
    known.set(key, result);
    return result;
  };
}

const usedSizes = (row: ProjectRow): ('masterSpec' | 'webSpec')[] =>
  row.servers > 1 ? ['masterSpec', 'webSpec'] : ['masterSpec'];
