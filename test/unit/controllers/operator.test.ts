import { expect } from 'chai';
import { Registry } from 'prom-client';
import { CONFIG_MAPS, SERVICE_DEPLOYMENTS } from '../../../clients/kubernetes/kinds.ts';
import { CONCERNS } from '../../../controllers/all.ts';
import { defineConcern, index, type Concern, type Setup } from '../../../controllers/concern.ts';
import { createOperator, type OperatorOptions } from '../../../controllers/operator.ts';
import { controllerFor } from '../../../controllers/runtime/controller.ts';
import { createRuntimeMetrics } from '../../../controllers/runtime/metrics.ts';
import type { ContextOf } from '../../../reconcilers/context.ts';
import { counter } from '../../../reconcilers/metrics.ts';
import { aServiceDeployment } from '../../builders/objects.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { fakeCloud } from '../../fakes/cloud.ts';
import { fakeKubernetesClient } from '../../fakes/kubernetes-client.ts';
import { fakeLogger } from '../../fakes/logger.ts';

const BY_TYPE = 'type';
const RELEASES = {
  timings: { patienceMs: 60_000, pauseMs: 5_000 },
  metrics: {
    seen: counter({ name: 'test_services_seen_total', help: 'Services by type.', labels: ['type'] }),
  },
};

/** A concern such as releases will be: it looks at services, by their type. */
function releasesConcern() {
  const started = Promise.withResolvers<ContextOf<typeof RELEASES>>();
  const concern = defineConcern({
    name: 'releases',
    declares: RELEASES,
    indexes: [index(SERVICE_DEPLOYMENTS, BY_TYPE, ({ spec }) => [spec.type])],
    setup: ({ context }) => ({
      controllers: [
        controllerFor('releases', SERVICE_DEPLOYMENTS).reconciles((_key, service) => {
          if (service === undefined) return;
          for (const { spec } of context.services.byIndex(BY_TYPE, service.spec.type))
            context.metrics.seen.inc({ type: spec.type });
          started.resolve(context);
        }),
      ],
    }),
  });
  return { concern, started: started.promise };
}

/** An operator over fakes that also does `concerns`. */
function create(concerns: readonly Concern[], timings: object = {}) {
  const registry = new Registry();
  const clock = fakeClock();
  const client = fakeKubernetesClient([aServiceDeployment('shop-prod-site')], () => clock.now());
  const options: OperatorOptions = {
    kubernetes: client,
    cloud: fakeCloud(),
    clock,
    random: () => 0.5,
    log: fakeLogger(),
    registry,
    metrics: createRuntimeMetrics(registry),
    fleetId: 'fleet',
    apiId: 'api',
    namespace: 'default',
    sshPublicKey: 'ssh-ed25519 AAAA someone',
    newNonce: () => 'nonce',
    newReconcileId: () => 'id',
    timings,
  };
  return { registry, operator: createOperator(options, [...CONCERNS, ...concerns]) };
}

const NOTHING = { timings: {}, metrics: {} };
const another = (parts: Partial<Concern>): Concern => ({
  name: 'another',
  declares: NOTHING,
  setup: () => ({}),
  ...parts,
});

describe('An operator', () => {
  it('gives a concern its timings, as told, and lets it count by its own index', async () => {
    const { concern, started } = releasesConcern();
    const { operator, registry } = create([concern], { releases: { pauseMs: 7 } });
    const stop = new AbortController();
    const running = operator.run(stop.signal);
    const context = await Promise.race([started, running.then(() => expect.fail('it ended'))]);
    expect(context.timings).to.deep.equal({ patienceMs: 60_000, pauseMs: 7 });
    expect(await registry.getSingleMetricAsString('test_services_seen_total')).to.contain(
      'test_services_seen_total{type="web"} 1',
    );
    stop.abort();
    await running;
  });

  it('shows what a concern counts before it has run', async () => {
    const { registry } = create([releasesConcern().concern]);
    expect(await registry.metrics()).to.contain('# TYPE test_services_seen_total counter');
    expect(await registry.metrics()).to.contain('# TYPE dropfleet_held gauge');
  });

  it('hands the options of every concern to whoever takes them', () => {
    let given: string | undefined;
    const concern = defineConcern({
      name: 'another',
      declares: NOTHING,
      setup({ options }: Setup<typeof NOTHING, { sshPublicKey?: string }>) {
        given = options.sshPublicKey;
        return {};
      },
    });
    create([concern]);
    expect(given).to.equal('ssh-ed25519 AAAA someone');
  });

  it('is not made of concerns that contradict each other', () => {
    const twice = index(SERVICE_DEPLOYMENTS, 'project', () => []);
    const held = counter({ name: 'dropfleet_held', help: 'Something else.' });
    const select = () => ({});
    const refused: [Partial<Concern>, string][] = [
      [{ indexes: [twice] }, 'the index "project" of servicedeployments is declared twice'],
      [{ narrows: [{ kind: CONFIG_MAPS, select }] }, 'the selection of configmaps is declared twice'],
      [{ name: 'gate' }, 'the concern gate is declared twice'],
      [{ declares: { timings: {}, metrics: { held } } }, 'the metric dropfleet_held is declared twice'],
    ];
    for (const [parts, why] of refused) expect(() => create([another(parts)])).to.throw(why);
    expect(() => create([another({})])).to.not.throw();
  });
});
