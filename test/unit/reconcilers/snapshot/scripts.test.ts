import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import type { ServiceDeployment } from '../../../../crds/service-deployment.ts';
import { freeze, heldMsIn, thaw } from '../../../../reconcilers/snapshot/commands.ts';
import { databasesOn } from '../../../../reconcilers/snapshot/databases-plan.ts';
import { FREEZE, THAW } from '../../../../reconcilers/snapshot/scripts.ts';
import { quoteCommand } from '../../../../clients/ssh/quote.ts';
import { aDroplet, aServiceDeployment } from '../../../builders/objects.ts';
import { engineMachine } from '../../sandbox/hosts/emulated/containers/machine.ts';
import { runOn } from '../../sandbox/hosts/emulated/machine.ts';

for (const kind of ['docker', 'podman'] as const)
  describe(`Databases of ${kind} for a snapshot`, () => {
    const LABELS = '--label dropfleet.kind=service --label dropfleet.uid';
    async function start() {
      const { machine, clock, ask } = await engineMachine(kind);
      await ask(`run -d --name db ${LABELS}=u1 app`);
      await ask(`run -d --name web ${LABELS}=u2 app`);
      const run = (argv: string[]) => runOn(machine, quoteCommand(argv));
      const states = async () =>
        (await ask(`inspect --format '{{.Name}} {{.State.Status}}' db web`)).replaceAll('/', '').split('\n');
      return { clock, run, states };
    }
    const database = { kind: 'postgres', uid: 'u1' } as const;
    const HELD = ['db paused', 'web running'];
    const FREE = ['db running', 'web running'];

    it('stand still, they alone, until they are let go; for how long is told, once and again', async () => {
      const { clock, run, states } = await start();
      expect(await run(freeze(kind, 60, [database]))).to.include({ code: 0 });
      expect(await states()).to.deep.equal(HELD);
      await clock.advance(2_500);
      const [first, again] = [await run(thaw(kind)), await run(thaw(kind))];
      expect(await states()).to.deep.equal(FREE);
      expect(heldMsIn(first.stdout)).to.be.within(2_500, 2_600);
      expect(again.stdout).to.equal(first.stdout);
    });

    it('go on by themselves when whoever holds them never comes back', async () => {
      const { clock, run, states } = await start();
      await run(freeze(kind, 60, [database]));
      await clock.advance(59_000);
      expect(await states()).to.deep.equal(HELD);
      await clock.advance(2_000);
      expect(await states()).to.deep.equal(FREE);
      expect(heldMsIn((await run(thaw(kind))).stdout)).to.be.within(60_000, 61_000);
    });

    it('that somebody else left standing still go on before they stand still again', async () => {
      const { clock, run, states } = await start();
      await run(freeze(kind, 60, [database]));
      await clock.advance(50_000);
      expect(await run(freeze(kind, 60, [database]))).to.include({ code: 0 });
      expect(await states()).to.deep.equal(HELD);
      await clock.advance(20_000);
      expect(await states()).to.deep.equal(HELD);
      expect(heldMsIn((await run(thaw(kind))).stdout)).to.be.within(20_000, 21_000);
      expect(await states()).to.deep.equal(FREE);
    });

    it('are none where there are none', async () => {
      const { run, states } = await start();
      expect(await run(freeze(kind, 60, [{ kind: 'postgres', uid: 'u9' }]))).to.include({
        code: 0,
        stdout: '',
      });
      expect(heldMsIn((await run(thaw(kind))).stdout)).to.equal(undefined);
      expect(await states()).to.deep.equal(FREE);
    });
  });

describe('What must stand still', () => {
  const infra = (image: string, spec: Partial<ServiceDeployment['spec']> = {}) =>
    aServiceDeployment(
      'shop-prod-db',
      {},
      {
        spec: { type: 'infra', image, volumes: [{ name: 'data', path: '/data' }], ...spec },
      },
    );
  const kindsOn = (name: string, ...services: ServiceDeployment[]) =>
    databasesOn(aDroplet(name), services).map(({ kind }) => kind);

  it('is told how to flush by the name of its image', () => {
    const images = [
      'postgres:17',
      'docker.io/bitnami/postgresql@sha256:ab',
      'mariadb',
      'r.io:5000/x/valkey:8',
      'meili',
    ];
    expect(kindsOn('shop-master', ...images.map(image => infra(image)))).to.deep.equal([
      'postgres',
      'postgres',
      'mysql',
      'redis',
      'other',
    ]);
  });

  it('is what keeps data on the master, and nothing else', () => {
    expect(
      kindsOn('shop-master', infra('redis', { volumes: [] }), infra('app', { type: 'web' })),
    ).to.deep.equal([]);
    expect(kindsOn('shop-web1', infra('postgres'))).to.deep.equal([]);
  });
});

describe('The scripts for snapshots', () => {
  for (const { name, text } of [FREEZE, THAW])
    it(`${name} is a POSIX shell's`, () => void execFileSync('sh', ['-n', '-c', text]));
});
