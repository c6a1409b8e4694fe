import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import type { DropletStep, Server } from '../droplet/model.ts';
import { keyOfEffect, type Effect } from '../gate/effect.ts';
import { holdsData } from '../last-snapshot/data-plan.ts';
import type { Verdict } from '../gate/policy.ts';
import type { Forecast, Round } from './droplets-plan.ts';

interface Whose {
  name: string;
  project: string;
}

/** One thing that orchestrate would do to a server, or why it does not. `id` is DigitalOcean's. */
export type DropletChange = Whose &
  (
    | { action: 'create'; size: string; region: string }
    | { action: 'take-over'; size: string; tags: string[]; id: number }
    /** `lastSnapshot`: of a server that holds data, taken first. */
    | { action: 'delete'; size: string; region: string; id: number; lastSnapshot?: true }
    | { action: 'resize'; size: string; from: string; id: number }
    | { action: 'power-on'; size: string; id: number }
    | { action: 'power-cycle'; size: string; id: number }
    /** It is powered off and kept for a while, and goes on being paid for. */
    | { action: 'retire'; size: string; id: number }
    | { action: 'tag'; tags: string[]; id: number }
    /** What the spec asks for cannot be had, or a person must decide. */
    | { action: 'refuse'; problem: string }
    /** The gate does not let it through by itself. */
    | { action: 'hold'; problem: string }
  );

/** What the gate says of effects, by `keyOfEffect`. */
export type Verdicts = ReadonlyMap<string, Verdict>;

/** What becomes of the Droplets' servers, as far as the gate lets it. */
export function changesOfAll(forecasts: readonly Forecast[], verdicts: Verdicts): DropletChange[] {
  const remaining = forecasts.filter(one => isLeaving(one.droplet) && !hasEnded(one, verdicts));
  const names = new Set(remaining.map(({ droplet }) => keyOf(droplet)));
  // While there is one of that name, there is no other.
  return forecasts
    .filter(({ droplet }) => isLeaving(droplet) || !names.has(keyOf(droplet)))
    .flatMap(forecast => changesOf(forecast, verdicts));
}

/** Whether nothing keeps an object that is being deleted. */
const hasEnded = (forecast: Forecast, verdicts: Verdicts): boolean =>
  !isStuck(forecast) && !isHeld(forecast, verdicts);

/** Whether the gate holds what it is about. */
export const isHeld = ({ rounds }: Forecast, verdicts: Verdicts): boolean =>
  rounds.some(({ effects }) => holdOn(effects.own, verdicts) !== undefined);

function changesOf(forecast: Forecast, verdicts: Verdicts): DropletChange[] {
  const { droplet, rounds, end } = forecast;
  const whose = { name: droplet.metadata.name, project: droplet.spec.project };
  const changes: DropletChange[] = [];
  let hasResized = false;
  for (const round of rounds.filter(({ steps }) => steps.length > 0)) {
    const { steps, holds, isStopped } = throughGate(round, verdicts);
    // That it is powered on is part of a resize.
    const shown = hasResized ? steps.filter(({ type }) => type !== 'power-on') : steps;
    changes.push(...shown.flatMap(step => changeOf(step, whose, forecast)));
    changes.push(...holds.map(problem => ({ action: 'hold' as const, ...whose, problem })));
    if (isStopped) return changes;
    hasResized ||= steps.some(({ type }) => type === 'resize');
  }
  return isStuck(forecast) ? [...changes, { action: 'refuse', ...whose, problem: end.message }] : changes;
}

/** What is left of a round: the same that droplet/pass.ts leaves of a plan. */
function throughGate(
  { steps, effects }: Round,
  verdicts: Verdicts,
): { steps: DropletStep[]; holds: string[]; isStopped: boolean } {
  const own = holdOn(effects.own, verdicts);
  const second = holdOn(effects.duplicates, verdicts);
  const duplicates = new Set(effects.duplicates.map(({ server }) => server));
  const isLeft = (step: DropletStep): boolean =>
    own !== undefined
      ? step.type === 'tag'
      : second === undefined || step.type !== 'destroy' || !duplicates.has(step.id);
  const holds = [own, second].filter(message => message !== undefined);
  return { steps: steps.filter(isLeft), holds, isStopped: own !== undefined };
}

function holdOn(effects: readonly Effect[], verdicts: Verdicts): string | undefined {
  const all = effects.map(effect => verdicts.get(keyOfEffect(effect)));
  return all.find(verdict => verdict?.type === 'hold')?.message;
}

function changeOf(step: DropletStep, whose: Whose, { droplet, servers }: Forecast): DropletChange[] {
  const { spec } = droplet;
  const found = (id: number): Server => servers.find(server => server.id === id)!;
  switch (step.type) {
    case 'launch':
      return [{ action: 'create', ...whose, size: spec.size, region: spec.region }];
    case 'take-over':
      return [{ action: 'take-over', ...whose, size: found(step.id).size, tags: step.put, id: step.id }];
    case 'destroy': {
      const { id, size, region } = found(step.id);
      const lastSnapshot = holdsData(droplet, id) ? ({ lastSnapshot: true } as const) : {};
      return [{ action: 'delete', ...whose, size, region, id, ...lastSnapshot }];
    }
    case 'resize':
      return [{ action: 'resize', ...whose, size: step.size, from: found(step.id).size, id: step.id }];
    case 'power-cycle':
    case 'retire':
      return [{ action: step.type, ...whose, size: found(step.id).size, id: step.id }];
    case 'power-on':
      return [{ action: 'power-on', ...whose, size: found(step.id).size, id: step.id }];
    case 'tag':
      return [{ action: 'tag', ...whose, tags: step.tags, id: step.id }];
    // Steps on the way to a resize, and those that only the Kubernetes object sees.
    case 'shut-down':
    case 'power-off':
    case 'add-finalizer':
    case 'adopt':
    case 'report-drain-timeout':
    case 'remember-refusal':
    case 'remove-finalizer':
      return [];
  }
}

/** Whether it ends as nobody asked for it, until a person does something. */
const isStuck = ({ droplet, end }: Forecast): boolean =>
  isLeaving(droplet) ? end.reason !== 'Deleting' : end.phase === 'Failed';

const isLeaving = ({ metadata }: Droplet): boolean => metadata.deletionTimestamp !== undefined;
