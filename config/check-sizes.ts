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

/**
 * What is wrong with the sizes that the rows name. A project of one server has no webs, so its WebSpec is not
 * looked at.
 * @param region the slug of the region that the droplets go to.
 */
export function checkSizes(
  rows: readonly ProjectRow[],
  sizes: readonly OfferedSize[],
  region: string,
): Problem[] {
  const offered = new Set(
    sizes.filter(size => size.available && size.regions.includes(region)).map(size => size.slug),
  );
  const known = new Set(sizes.map(size => size.slug));
  const complain = (row: ProjectRow, field: 'masterSpec' | 'webSpec'): Problem => {
    const found = row[field];
    const what = known.has(found) ? `this size is not offered in ${region} now` : 'there is no such size';
    const message = `${what}${didYouMean(found, offered) || '; `doctl compute size list` shows them all'}`;
    return { file: row.file, ...row.places[field], found, message };
  };
  return rows.flatMap(row =>
    usedSizes(row).flatMap(field => (offered.has(row[field]) ? [] : complain(row, field))),
  );
}

const usedSizes = (row: ProjectRow): ('masterSpec' | 'webSpec')[] =>
  row.servers > 1 ? ['masterSpec', 'webSpec'] : ['masterSpec'];
