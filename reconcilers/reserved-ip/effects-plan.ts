import { keyOf } from '../../crds/meta.ts';
import type { Project } from '../../crds/project.ts';
import type { Effect } from '../gate/effect.ts';
import type { ReservedIPStep } from './plan.ts';

/**
 * What a step does that the gate decides:
 *
 *     create        | buy
 *     create again  | buy, doubted: names that lead to the one that is gone would not lead here
 *     assign        | detach, where it is taken from a server
 *     release       | remove, doubted: names may lead to it
 */
export function effectsOf(project: Project, step: ReservedIPStep | undefined): Effect[] {
  const { name, uid } = project.metadata;
  const base = { cause: 'reserved IP', project: keyOf(project), name, uid: uid! } as const;
  if (step === undefined) return [];
  switch (step.type) {
    case 'create':
      return [{ ...base, verb: 'buy', change: `for droplet ${step.for}` }];
    case 'create-again': {
      const message = `the address ${step.lost} is no longer the account's, and whatever leads there would not lead to another`;
      const doubt = { reason: 'Missing', message };
      return [{ ...base, verb: 'buy', change: `in place of ${step.lost}`, doubt }];
    }
    case 'assign':
      return step.from === undefined
        ? []
        : [{ ...base, name: step.address, verb: 'detach', server: step.from, change: `from ${step.from}` }];
    case 'release': {
      const message = `${step.address} is no longer asked for; once released, it may be another account's, whatever leads there`;
      const doubt = { reason: 'NotWanted', message };
      return [{ ...base, name: step.address, verb: 'remove', change: step.address, doubt }];
    }
    case 'adopt':
    case 'arrive':
    case 'forget':
      return [];
  }
}
