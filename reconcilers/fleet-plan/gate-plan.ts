import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import type { Project } from '../../crds/project.ts';
import { groupOf, type DropletEffects } from '../droplet/effects-plan.ts';
import { keyOfEffect, type Doubt, type Effect } from '../gate/effect.ts';
import { judge, type Admission, type PolicyInput, type Request } from '../gate/policy.ts';
import type { Verdicts } from './changes-plan.ts';
import type { Forecast } from './droplets-plan.ts';
import { isToBeDeleted } from './objects-plan.ts';

interface Judged {
  projects: readonly Project[];
  droplets: readonly Droplet[];
  admitted: readonly Admission[];
  isConfirmed: (effects: readonly Effect[], objects: readonly (Project | Droplet)[]) => boolean;
}

/** Why the losses of the rows are held, if so: the gate is asked for them before anything else. */
export function heldLosses(losses: readonly Effect[], input: Judged): Doubt | undefined {
  const verdict = judge({ ...policyInput(input), requests: [lossRequest(losses, input)] }).get(LOSSES);
  return verdict?.type === 'hold' ? { reason: verdict.reason, message: verdict.message } : undefined;
}

/**
 * What the gate says of all that Droplets would ask for.
 *
 * @param losses what is asked for by then, whatever became of it.
 */
export function verdictsOn(
  forecasts: readonly Forecast[],
  losses: readonly Effect[],
  input: Judged,
): Verdicts {
  const known = new Set(losses.map(keyOfEffect));
  const asks = forecasts
    .flatMap(asksOf)
    .map(ask => ({ ...ask, effects: ask.effects.filter(effect => !known.has(keyOfEffect(effect))) }));
  const groups = Map.groupBy(asks, ({ group }) => group);
  const requests = [...groups].map(([group, all]) => requestOf(group, all, input));
  const verdicts = judge({ ...policyInput(input), requests: [lossRequest(losses, input), ...requests] });
  return new Map(
    requests.flatMap(({ group, effects }) =>
      effects.map(effect => [keyOfEffect(effect), verdicts.get(group)!]),
    ),
  );
}

interface Ask {
  group: string;
  droplet: Droplet;
  effects: readonly Effect[];
}

function asksOf({ droplet, rounds }: Forecast): Ask[] {
  const parts: (keyof DropletEffects)[] = ['own', 'duplicates'];
  // Before its Project deletes one, it asks for all those that go together.
  const project = isToBeDeleted(droplet)
    ? `project ${droplet.metadata.namespace}/${droplet.spec.project}`
    : undefined;
  return rounds.flatMap(({ effects }) =>
    parts
      .filter(part => effects[part].length > 0)
      .map(part => ({
        group: project ?? groupOf(part, droplet, effects[part]),
        droplet,
        effects: effects[part],
      })),
  );
}

function requestOf(group: string, asks: readonly Ask[], { projects, isConfirmed }: Judged): Request {
  const byKey = new Map(asks.flatMap(({ effects }) => effects.map(effect => [keyOfEffect(effect), effect])));
  const effects = [...byKey.values()];
  const owners = new Set(effects.map(({ project }) => project));
  const objects = [
    ...asks.map(({ droplet }) => droplet),
    ...projects.filter(project => owners.has(keyOf(project))),
  ];
  return request(group, effects, isConfirmed(effects, objects));
}

/** The group, and the asker, of what the rows cost. */
const LOSSES = 'rows';

const lossRequest = (losses: readonly Effect[], { projects, isConfirmed }: Judged): Request =>
  request(LOSSES, losses, isConfirmed(losses, projects));

/** Asked for so long that it is believed. */
const request = (group: string, effects: readonly Effect[], confirmed: boolean): Request => ({
  asker: group,
  group,
  effects,
  ageMs: 0,
  believedAfterMs: 0,
  confirmed,
});

function policyInput({ admitted, droplets }: Judged): Omit<PolicyInput, 'requests'> {
  const live = droplets.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const byProject = Map.groupBy(
    live,
    ({ metadata, spec }): ObjectKey => `${metadata.namespace}/${spec.project}`,
  );
  return {
    admitted,
    held: new Set(),
    droplets: new Map([...byProject].map(([key, all]) => [key, all.map(({ metadata }) => metadata.uid!)])),
    fleetSize: live.length,
  };
}
