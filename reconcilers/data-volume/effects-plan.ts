import { keyOf } from '../../crds/meta.ts';
import type { Project } from '../../crds/project.ts';
import type { Doubt, Effect } from '../gate/effect.ts';
import { priced } from '../read-model/volume-cost.ts';
import type { DataVolumeStep } from './plan.ts';

/**
 * What a step does that the gate decides:
 *
 *     create        | buy
 *     create again  | buy, doubted: what was on the one that is gone is not on it
 *     take over     | take over, doubted: the data may not be this project's
 *     detach        | detach
 *     resize        | buy
 */
export function effectsOf({ metadata, ...project }: Project, step: DataVolumeStep | undefined): Effect[] {
  const base = {
    cause: 'data volume',
    project: keyOf({ metadata, ...project }),
    name: metadata.name,
    uid: metadata.uid!,
  } as const;
  const name = project.status?.dataVolume?.name ?? metadata.name;
  if (step === undefined) return [];
  switch (step.type) {
    case 'create':
      return [{ ...base, name, verb: 'buy', change: priced(step.sizeGB) }];
    case 'create-again':
      return [
        {
          ...base,
          name,
          verb: 'buy',
          change: `${priced(step.sizeGB)}, empty, in place of ${step.lost}`,
          doubt: doubtful('Missing', `the volume ${step.lost} is gone, and its data with it`),
        },
      ];
    case 'take-over':
      return [
        {
          ...base,
          name,
          verb: 'take-over',
          change: `the data of a former Project, ${step.id}`,
          doubt: doubtful('Former', `${name} holds the data of a former Project of that name`),
        },
      ];
    case 'detach':
      return [{ ...base, name, verb: 'detach', server: step.from, change: `from ${step.from}` }];
    case 'resize':
      return [{ ...base, name, verb: 'buy', change: `grown to ${priced(step.sizeGB)}` }];
    case 'note':
    case 'adopt':
    case 'attach':
    case 'mount':
      return [];
  }
}

const doubtful = (reason: string, message: string): Doubt => ({ reason, message });
