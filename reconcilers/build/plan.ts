import type { BuildFacts } from './facts.ts';
import type { BuildRequest, BuildState } from './request.ts';
import { explainFailure, interrupted, isInterrupted, noRoom, outside } from './failures-plan.ts';

/** What is to be done for a build, or how it is. */
export type BuildPlan = { state: 'begin' } | BuildState;

/** KiB that a first build must find free. */
const FIRST_IMAGE = 1_024 * 1_024;
/** How often an attempt that something ended from outside is begun. */
const MOST_BEGUN = 3;

/**
 * What is to be done for a build.
 *
 *     image | runs | result of this attempt    | begun   | disk  | then
 *     ------+------+---------------------------+---------+-------+---------
 *     yes   | any  | any                       | any     | any   | built
 *     no    | yes  | any                       | any     | any   | building
 *     no    | no   | the build's own failure   | any     | any   | failed
 *     no    | no   | none, or the engine's end | 3 times | any   | failed
 *     no    | no   | none, or the engine's end | less    | short | failed
 *     no    | no   | none, or the engine's end | less    | room  | begin
 */
export function planBuild(request: BuildRequest, facts: BuildFacts): BuildPlan {
  const { image, isRunning, result, begun, log, disk } = facts;
  if (image !== undefined) return { state: 'built', image };
  if (isRunning) return { state: 'building', message: buildingMessage(request), log };
  const bad = outside(request);
  if (bad !== undefined) return bad;
  if (result !== undefined && !isInterrupted(result, log)) return explainFailure(request, result, log);
  if (begun >= MOST_BEGUN) return interrupted(begun, log);
  const needed = disk.image === 0 ? FIRST_IMAGE : 2 * disk.image;
  return disk.free < needed ? noRoom(disk.free, needed) : { state: 'begin' };
}

export const buildingMessage = ({ containerfile }: BuildRequest): string =>
  `building ${containerfile} on the master`;
