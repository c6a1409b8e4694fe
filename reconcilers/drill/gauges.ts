import type { Context } from './concern.ts';

/** Makes every scrape show how long ago restores were verified. */
export const showVerifiedRestores = ({ clock, droplets, metrics }: Context): void =>
  metrics.verified.readAtScrape(() =>
    droplets.list().flatMap(({ metadata, spec, status }) => {
      if (status?.verifiedRestore === undefined) return [];
      const seconds = (clock.now() - Date.parse(status.verifiedRestore.verifiedAt)) / 1_000;
      const labels = { namespace: metadata.namespace!, project: spec.project, droplet: metadata.name };
      return [[seconds, labels] as const];
    }),
  );
