import type { Droplet } from '../../crds/droplet.ts';
import { buysFirst, effectsOf, type DropletEffects } from '../droplet/effects-plan.ts';
import type {
  CloudView,
  DropletPlan,
  DropletStep,
  PlanInput,
  PlanTimings,
  Server,
  SizeFacts,
} from '../droplet/model.ts';
import { planDroplet } from '../droplet/plan.ts';

/** What the cloud holds for one Droplet, and the tags that its server is to carry. */
export interface Observation {
  view: CloudView;
  tags: readonly string[];
}

/** What speaks against buying a first server for a project. */
export type Evidence = Pick<CloudView, 'orphans' | 'otherFleet'>;

/** What is known besides of the one whose steps are forecast. */
export interface ForecastInput {
  observation: Observation | undefined;
  evidence: Evidence | undefined;
  sizes: ReadonlyMap<string, SizeFacts>;
  suspended: boolean;
  /** Why another server is not available, if so. */
  shortage?: string;
}

/** What is done between two observations of the cloud, and what the gate is asked for it; of the last one nothing is done. */
export interface Round {
  steps: DropletStep[];
  effects: DropletEffects;
}

/** All that becomes of a Droplet by itself. */
export interface Forecast {
  droplet: Droplet;
  /** As they are before anything is done. */
  servers: readonly Server[];
  rounds: Round[];
  /** What is said of it in the end. */
  end: Omit<DropletPlan, 'steps'>;
}

/** One that is to be made has nothing yet. */
const NOTHING: Observation = { view: { nonceSeenMs: 0, listAgeMs: 0, duplicates: [] }, tags: [] };

/** Nothing is waited for in a plan. */
const AT_ONCE: PlanTimings = {
  launchGraceMs: 0,
  pollMs: 0,
  refusedMs: 0,
  slowestRefusedMs: 0,
  shutdownMs: 0,
  drainMs: 0,
};

/**
 * Plays the Droplet's own plan forward, with a cloud that does at once all that it is asked for, until it asks for
 * nothing that it has not asked for before.
 */
export function forecastDroplet(droplet: Droplet, known: ForecastInput): Forecast {
  const { view: seen, tags } = known.observation ?? NOTHING;
  const { evidence, sizes, suspended, shortage } = known;
  const input = { droplet, tags, sizes, suspended, now: 0, timings: AT_ONCE, ...(shortage && { shortage }) };
  const rounds: Round[] = [];
  const done = new Set<string>();
  for (let view = settled(seen, droplet); ;) {
    const plan = planDroplet({ ...input, view } satisfies PlanInput);
    const steps = plan.steps.filter(step => !done.has(JSON.stringify(step)));
    const isFirst = buysFirst(view, { ...plan, steps });
    const effects = effectsOf(droplet, isFirst ? { ...view, ...evidence } : view, { ...plan, steps });
    rounds.push({ steps, effects });
    if (steps.length === 0) return { droplet, servers: serversIn(seen), rounds, end: plan };
    for (const step of steps) done.add(JSON.stringify(step));
    view = steps.reduce(viewAfter, view);
  }
}

const serversIn = ({ server, duplicates, claim }: CloudView): Server[] => [
  ...(server ? [server] : []),
  ...duplicates,
  ...(claim?.server ? [claim.server] : []),
];

/** What the view becomes when the cloud has done what it is at. */
function settled(view: CloudView, { spec }: Droplet): CloudView {
  const { server, action } = view;
  if (server === undefined) return view;
  const isUnderWay = action?.status === 'in-progress';
  const outcome = isUnderWay ? outcomeOf(action.type, spec.size) : {};
  const status = server.status === 'new' ? 'active' : server.status;
  return {
    ...view,
    server: { ...server, status, locked: false, ...outcome },
    ...(isUnderWay && { action: { ...action, status: 'completed' } }),
  };
}

function outcomeOf(action: string, size: string): Partial<Server> {
  switch (action) {
    case 'power_on':
      return { status: 'active' };
    case 'shutdown':
    case 'power_off':
      return { status: 'off' };
    case 'resize':
      return { size };
    default:
      return {};
  }
}

/** What the view becomes by a step. */
function viewAfter(view: CloudView, step: DropletStep): CloudView {
  const { server, duplicates, claim } = view;
  const changed = (change: Partial<Server>, action = view.action): CloudView => ({
    ...view,
    ...(server && { server: { ...server, ...change } }),
    ...(action && { action }),
  });
  switch (step.type) {
    case 'take-over':
      return claim?.server === undefined
        ? view
        : { ...view, server: { ...claim.server, tags: withTags(claim.server, step.put, step.off) } };
    case 'tag':
      return changed({ tags: withTags(server, step.tags) });
    case 'destroy': {
      const { server: own, ...rest } = view;
      const left = duplicates.filter(({ id }) => id !== step.id);
      return { ...rest, duplicates: left, ...(own && own.id !== step.id && { server: own }) };
    }
    case 'shut-down':
      return changed({ status: 'off' }, { type: 'shutdown', status: 'completed' });
    case 'power-off':
      return changed({ status: 'off' }, { type: 'power_off', status: 'completed' });
    case 'power-cycle':
      return view;
    case 'retire': {
      const { server: own, ...rest } = view;
      return own === undefined ? view : { ...rest, retired: { server: own, isListed: false } };
    }
    case 'resize':
      return changed({ size: step.size }, { type: 'resize', status: 'completed' });
    case 'power-on':
      // The action stays: it may be the one that tells why there was no resize.
      return changed({ status: 'active' });
    case 'add-finalizer':
    case 'launch':
    case 'adopt':
    case 'report-drain-timeout':
    case 'remember-refusal':
    case 'remove-finalizer':
      return view;
  }
}

const withTags = (
  server: Server | undefined,
  put: readonly string[],
  off: readonly string[] = [],
): string[] => [...new Set([...(server?.tags ?? []), ...put])].filter(tag => !off.includes(tag));
