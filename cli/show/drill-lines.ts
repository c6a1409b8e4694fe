import type { Droplet, DropletStatus } from '../../crds/droplet.ts';
import { ageOf } from './recovery-lines.ts';

type Drill = NonNullable<DropletStatus['drill']>;
type VerifiedRestore = NonNullable<DropletStatus['verifiedRestore']>;

/** What a person should know before a drill. */
export interface DrillOffer {
  droplet: Droplet;
  snapshot: { id: string; createdAt: string };
  /** US dollars a month for a server of its size; undefined where that is not known. */
  monthlyPrice: number | undefined;
  /** Milliseconds since 1970. */
  now: number;
}

/** As many hours make a month at DigitalOcean. */
const HOURS_A_MONTH = 672;

/** What is tried, how, what it costs, and what the last one proved. */
export function drillOfferLines({ droplet, snapshot, monthlyPrice, now }: DrillOffer): string[] {
  const { metadata, spec, status } = droplet;
  const price =
    monthlyPrice === undefined
      ? 'at a price that is not known'
      : `for $${(monthlyPrice / HOURS_A_MONTH).toFixed(3)} an hour`;
  return [
    `The newest snapshot of ${metadata.name} is ${snapshot.id}, which is ${ageOf(snapshot.createdAt, now)} old.`,
    `A server is made from it beside the fleet (${spec.size} in ${spec.region}, ${price}), which reaches nobody; it is destroyed when it was looked at, after 20 minutes at most.`,
    status?.verifiedRestore === undefined
      ? 'No drill of it has passed yet.'
      : `The last one that passed: ${describeVerified(status.verifiedRestore, now)}.`,
  ];
}

/** Such as `snapshot 99 verified 3 d 2 h ago: restored in 48 s`. */
export const describeVerified = (
  { snapshotID, verifiedAt, secondsToAnswer }: VerifiedRestore,
  now: number,
): string =>
  `snapshot ${snapshotID} verified ${ageOf(verifiedAt, now)} ago${secondsToAnswer === undefined ? '' : `: restored in ${secondsToAnswer} s`}`;

/** How a drill goes on, with how long each step took since its server was asked for. */
export function drillProgress({ step, serverID, message, result, ...times }: Drill): string {
  const waiting = result === undefined && message !== undefined ? ` (${message})` : '';
  const server = serverID === undefined ? 'the server' : `droplet ${serverID}`;
  switch (step) {
    case 'Preparing':
      return `making the firewall${waiting}`;
    case 'Creating':
      return `${server} is booting${waiting}`;
    case 'Connecting':
      return `${server} is active${after(times, times.activeAt)}; waiting for SSH${waiting}`;
    case 'Checking':
      return `SSH answered${after(times, times.connectedAt)}; looking at its engine and services${waiting}`;
    case 'Removing':
      return `${result === 'Passed' ? `its services answered${after(times, times.answeredAt)}` : message}; destroying ${server}`;
    case 'Done':
      return `${server} is destroyed`;
  }
}

function after({ launchedAt }: Pick<Drill, 'launchedAt'>, time: string | undefined): string {
  if (launchedAt === undefined || time === undefined) return '';
  return ` after ${Math.max(0, Math.round((Date.parse(time) - Date.parse(launchedAt)) / 1_000))} s`;
}

/** What drills say of a fleet: one line for each Droplet that has something to say. */
export const drillLines = (droplets: readonly Droplet[], now: number): string[] =>
  droplets.flatMap(({ metadata, status }) => {
    const { drill, verifiedRestore } = status ?? {};
    const said = [
      ...(drill !== undefined && drill.step !== 'Done' ? [`restore drill: ${drillProgress(drill)}`] : []),
      ...(drill?.step === 'Done' && drill.result === 'Failed'
        ? [`restore drill failed ${ageOf(drill.finishedAt ?? drill.startedAt, now)} ago: ${drill.message}`]
        : []),
      ...(verifiedRestore === undefined ? [] : [describeVerified(verifiedRestore, now)]),
    ];
    return said.map(line => `${metadata.name}: ${line}`);
  });
