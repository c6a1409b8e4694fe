import { dropletNames } from '../../../../crds/names.ts';
import type { Effect } from '../../../../reconcilers/gate/effect.ts';
import { keyOfEffect } from '../../../../reconcilers/gate/effect.ts';
import type { Admission, Request } from '../../../../reconcilers/gate/policy.ts';

/** The end of a Droplet, such as `shop-web1`. */
export function destroy(name: string, parts: Partial<Effect> = {}): Effect {
  const project = `default/${name.replace(/-(master|web\d+)$/, '')}`;
  return {
    verb: 'destroy',
    cause: 'deleted',
    project,
    name,
    uid: `uid-${name}`,
    server: idOf(name),
    ...parts,
  };
}

/** Another server in place of one that vanished. */
export const rebuy = (name: string, parts: Partial<Effect> = {}): Effect =>
  destroy(name, { verb: 'buy', cause: 'vanished', ...parts });

/** Old snapshots of a Droplet go, with these ids. */
export const prune = (name: string, snapshots: readonly number[]): Effect[] =>
  snapshots.map(id => {
    const { server: _server, ...effect } = destroy(name, { verb: 'prune', cause: 'old snapshot' });
    return { ...effect, snapshot: `${id}` };
  });

/** Some id that is the same for the same name. */
export const idOf = (name: string): number =>
  name.split('').reduce((sum, char) => sum * 7 + char.charCodeAt(0), 1) % 99_991;

/** A request that has been made for long enough. */
export const request = (group: string, effects: Effect[], parts: Partial<Request> = {}): Request => ({
  asker: `${group} asker`,
  group,
  effects,
  ageMs: 60_000,
  believedAfterMs: 2_000,
  confirmed: false,
  ...parts,
});

/** What was let through a minute ago. */
export const admission = (effect: Effect, parts: Partial<Admission> = {}): Admission => ({
  key: keyOfEffect(effect),
  verb: effect.verb,
  cause: effect.cause,
  project: effect.project,
  uid: effect.uid,
  confirmed: false,
  ageMs: 60_000,
  ...parts,
});

/** The uids of the Droplets of projects of these sizes. */
export const uidsOf = (sizes: Record<string, number>): Map<string, string[]> =>
  new Map(
    Object.entries(sizes).map(([name, n]) => [
      `default/${name}`,
      dropletNames(name, n).map(droplet => `uid-${droplet}`),
    ]),
  );

/** The first `n` Droplets of a project go. */
export const destroyFirst = (project: string, n: number, parts: Partial<Effect> = {}): Effect[] =>
  dropletNames(project, n).map(name => destroy(name, parts));
