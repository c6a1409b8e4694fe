import type { DropletStatus } from '../../crds/droplet.ts';
import type { Drill } from './plan.ts';

/** What a drill that passed proves; undefined for any other. */
export function verifiedRestoreOf({
  result,
  snapshotID,
  snapshotCreatedAt,
  launchedAt,
  activeAt,
  connectedAt,
  answeredAt,
}: Drill): DropletStatus['verifiedRestore'] {
  if (result !== 'Passed' || snapshotID === undefined || snapshotCreatedAt === undefined) return undefined;
  if (answeredAt === undefined) return undefined;
  const after = (time: string | undefined): number =>
    Math.max(0, Math.round((Date.parse(time ?? answeredAt) - Date.parse(launchedAt ?? answeredAt)) / 1_000));
  return {
    snapshotID,
    snapshotCreatedAt,
    verifiedAt: answeredAt,
    secondsToActive: after(activeAt),
    secondsToConnect: after(connectedAt),
    secondsToAnswer: after(answeredAt),
  };
}
