import { CONFIG_MAPS, DROPLETS, PROJECTS, type ConfigMap } from '../../../../clients/kubernetes/kinds.ts';
import type { Droplet } from '../../../../crds/droplet.ts';
import { keyOf, type KubernetesObject } from '../../../../crds/meta.ts';
import { CONFIRM_ANNOTATION, dropletNames, GATE_CONFIG_MAP } from '../../../../crds/names.ts';
import type { Project } from '../../../../crds/project.ts';
import type { Run } from '../../../../reconcilers/run.ts';
import type { Doubt, Effect } from '../../../../reconcilers/gate/effect.ts';
import { createGate, type Ask } from '../../../../reconcilers/gate/gate.ts';
import { createLedger } from '../../../../reconcilers/gate/ledger.ts';
import { aDroplet, aProject } from '../../../builders/objects.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { fakeKubernetesClient } from '../../../fakes/kubernetes-client.ts';
import { fakeLogger } from '../../../fakes/logger.ts';
import { destroy } from './effects.ts';

export const SETTLE_MS = 2_000;

/** A gate over fakes, with projects of these sizes. */
export function startGate(sizes: Record<string, number> = { shop: 3, blog: 1 }) {
  const names = Object.entries(sizes).flatMap(([name, n]) => dropletNames(name, n));
  const seeds: KubernetesObject[] = [
    ...Object.keys(sizes).map(name => aProject(name)),
    ...names.map(name => aDroplet(name)),
  ];
  const clock = fakeClock();
  const client = fakeKubernetesClient(seeds, () => clock.now());
  const log = fakeLogger();
  const events: string[] = [];
  const woken: string[][] = [];
  const standing: { problem?: Doubt; failure?: Error } = {};
  const { signal } = new AbortController();
  const run: Run = { log, signal, fenced: effect => effect(signal), wrote: () => undefined };
  const droplets = (): Droplet[] => client.storedAll(DROPLETS);
  const readerOf = <T extends KubernetesObject>(list: () => T[]) => ({
    list,
    get: (key: string) => list().find(object => keyOf(object) === key),
    byIndex: () => [],
  });
  const begin = () => {
    const gate = createGate({
      kubernetes: client,
      ledger: createLedger({ kubernetes: client, namespace: 'dropfleet', clock }),
      standing: {
        problem: () =>
          standing.failure ? Promise.reject(standing.failure) : Promise.resolve(standing.problem),
      },
      droplets: readerOf(droplets),
      projects: readerOf(() => client.storedAll(PROJECTS)),
      dropletsOf: key =>
        droplets()
          .filter(({ spec }) => `default/${spec.project}` === key)
          .map(({ metadata }) => metadata.uid!),
      events: {
        record: (object, type, reason, message) =>
          void events.push(`${type} ${reason} ${object.metadata.name}: ${message}`),
      },
      clock,
      log,
      settleMs: SETTLE_MS,
    });
    gate.subscribe(askers => void woken.push([...askers]));
    return gate;
  };
  const project = (name: string): Project => client.stored(PROJECTS, `default/${name}`)!;
  const askOf = (group: string, effects: readonly Effect[], parts: Partial<Ask> = {}): Ask => ({
    asker: `${group} asker`,
    group,
    effects,
    objects: [project('shop')],
    believedAfterMs: 0,
    ...parts,
  });
  const confirm = async (name: string, text: string): Promise<void> => {
    await client.patch(PROJECTS, `default/${name}`, {
      metadata: { annotations: { [CONFIRM_ANNOTATION]: text } },
    });
  };
  const recorded = (): { admitted: { key: string; confirmed: boolean }[]; held: { group: string }[] } => {
    const { data } = client.stored<ConfigMap>(CONFIG_MAPS, `dropfleet/${GATE_CONFIG_MAP}`) ?? {};
    return { admitted: JSON.parse(data?.['admitted'] ?? '[]'), held: JSON.parse(data?.['held'] ?? '[]') };
  };
  return {
    askOf,
    begin,
    client,
    clock,
    confirm,
    destroy,
    events,
    log,
    project,
    recorded,
    run,
    standing,
    woken,
  };
}
