import { expect } from 'chai';
import type { Droplet, DropletStatus } from '../../../../crds/droplet.ts';
import { LOAD_BALANCER_FINALIZER, RECONCILE_ANNOTATION } from '../../../../crds/names.ts';
import type {
  CloudView,
  PlanInput,
  Server,
  SizeFacts,
  ServerStatus,
} from '../../../../reconcilers/droplet/model.ts';
import { planDroplet } from '../../../../reconcilers/droplet/plan.ts';
import { aCondition, aDroplet, activeStatus } from '../../../builders/objects.ts';

const LAUNCHED = '2026-01-01T00:00:00Z';
const launchedAt = Date.parse(LAUNCHED);
const TAGS = ['dropfleet:f', 'dropfleet-uid:u'];
const timings = {
  launchGraceMs: 60_000,
  pollMs: 5_000,
  refusedMs: 300_000,
  slowestRefusedMs: 3_600_000,
  shutdownMs: 60_000,
  drainMs: 360_000,
};

const size = (slug: string, disk: number, regions = ['nyc3']): [string, SizeFacts] => [
  slug,
  { slug, disk, available: true, regions },
];
const sizes = new Map([
  size('s-1vcpu-1gb', 25),
  size('big', 60),
  size('tiny', 10),
  size('far', 60, ['ams3']),
]);

const server = (parts: Partial<Server> = {}): Server => ({
  id: 7,
  status: 'active',
  locked: false,
  size: 's-1vcpu-1gb',
  disk: 25,
  region: 'nyc3',
  tags: TAGS,
  ...parts,
});

function plan(droplet: Droplet, view: Partial<CloudView> = {}, parts: Partial<PlanInput> = {}) {
  return planDroplet({
    droplet,
    view: { duplicates: [], nonceSeenMs: 1_000, listAgeMs: 0, ...view },
    suspended: false,
    sizes,
    tags: TAGS,
    now: launchedAt + 1_000,
    timings,
    ...parts,
  });
}

const steps = (...input: Parameters<typeof plan>): string[] =>
  plan(...input).steps.map(step => ('id' in step ? `${step.type} ${step.id}` : step.type));

const web = (status?: DropletStatus, metadata = {}): Droplet =>
  aDroplet('shop-web1', { metadata, ...(status && { status }) });
const asked: DropletStatus = { server: { nonce: 'n1', launchedAt: LAUNCHED }, phase: 'Creating' };
const deleted = { deletionTimestamp: LAUNCHED };

describe('The plan for a Droplet', () => {
  it('puts back the tags that a server has lost, whatever else there is to do', () => {
    const { steps } = plan(web(activeStatus(7)), {
      server: server({ tags: ['x', 'DROPFLEET:F'], status: 'off' }),
    });
    expect(steps).to.deep.equal([
      { type: 'tag', id: 7, tags: ['dropfleet-uid:u'] },
      { type: 'power-on', id: 7 },
    ]);
  });

  it('launches a server that was never asked for, the finalizer first', () => {
    expect(steps(web(undefined, { finalizers: [] }))).to.deep.equal(['add-finalizer', 'launch']);
  });

  it('never asks again while a request whose reply was lost may still show up', () => {
    expect(steps(web(asked))).to.deep.equal([]);
    expect(steps(web(asked), { nonceSeenMs: 60_000 })).to.deep.equal([]);
    expect(steps(web(asked), { nonceSeenMs: 90_000, listAgeMs: 30_000 })).to.deep.equal([]);
  });

  it('says the same until the list shows the server that was asked for, so that waiting costs no write', () => {
    const { steps: _asks, ...whenAsked } = plan(web());
    const { steps: _waits, ...whileWaiting } = plan(web({ ...asked, server: { ...asked.server, id: 7 } }));
    expect(whileWaiting).to.deep.equal(whenAsked);
  });

  it('asks again once a list that began after the grace period lacks the server', () => {
    expect(steps(web(asked), { nonceSeenMs: 60_001 })).to.deep.equal(['launch']);
  });

  it('does not take the clock for a list: without one, nothing is known to be absent', () => {
    const view: CloudView = { duplicates: [], nonceSeenMs: 1e9 };
    const input = {
      droplet: web(asked),
      view,
      suspended: false,
      sizes,
      tags: TAGS,
      now: launchedAt + 1e9,
      timings,
    };
    expect(planDroplet(input).steps).to.deep.equal([]);
  });

  it('adopts a server that carries its uid', () => {
    expect(steps(web(asked), { server: server() })).to.deep.equal(['adopt 7']);
  });

  it('destroys every server beyond the first that carries its uid', () => {
    const view = { server: server(), duplicates: [server({ id: 8 }), server({ id: 9 })] };
    expect(steps(web(asked), view)).to.deep.equal(['destroy 8', 'destroy 9', 'adopt 7']);
  });

  it('waits for a server that boots', () => {
    const booting = plan(web({ ...asked, server: { ...asked.server, id: 7 } }), {
      server: server({ status: 'new' }),
    });
    expect(booting).to.include({ phase: 'Booting', provisioned: false, requeueAfterMs: 5_000 });
    expect(booting.steps).to.deep.equal([]);
  });

  it('has nothing to do for a server that is as asked, and does not look again by itself', () => {
    const active = plan(web(activeStatus(7)), { server: server() });
    expect(active).to.deep.include({ steps: [], phase: 'Active', provisioned: true });
    expect(active).not.to.have.property('requeueAfterMs');
  });

  it('recreates a server that the cloud says is gone', () => {
    expect(steps(web(activeStatus(7)), { notFound: true })).to.deep.equal(['launch']);
  });

  it('waits when a known server is merely missing from a list', () => {
    expect(steps(web({ ...asked, server: { ...asked.server, id: 7 } }))).to.deep.equal([]);
  });

  it('powers a server on that somebody turned off', () => {
    expect(steps(web(activeStatus(7)), { server: server({ status: 'off' }) })).to.deep.equal(['power-on 7']);
  });

  it('says that such a server is off until it runs, in the same words, and not that it is resized', () => {
    const off = server({ status: 'off' });
    const asked = plan(web(activeStatus(7)), { server: off });
    expect(asked).to.include({ phase: 'PoweringOn', reason: 'PoweringOn', provisioned: false });
    const action = { type: 'power_on', status: 'in-progress' } as const;
    const { steps: _asks, ...words } = asked;
    const waits = plan(web(activeStatus(7)), { server: { ...off, locked: true }, action });
    expect(waits).to.deep.equal({ ...words, steps: [] });
  });

  it('does nothing while the project is suspended', () => {
    expect(steps(web(), {}, { suspended: true })).to.deep.equal([]);
    expect(steps(web(asked), { server: server({ status: 'off' }) }, { suspended: true })).to.deep.equal([]);
  });

  it('waits for a person when the spec says what cannot be changed, and leaves the server as it is', () => {
    const moved = plan(aDroplet('shop-web1', { spec: { region: 'ams3' }, status: activeStatus(7) }), {
      server: server(),
    });
    expect(moved).to.deep.include({ steps: [], phase: 'Failed', reason: 'InvalidSpec' });
    expect(moved.message).to.contain('spec.region is immutable: set it back to nyc3');
    const stolen = web(activeStatus(7));
    stolen.spec.project = 'other';
    expect(plan(stolen, { server: server() }).message).to.contain('spec.project is immutable');
  });

  describe('resizing', () => {
    const droplet = (status: DropletStatus = activeStatus(7), to = 'big'): Droplet =>
      aDroplet('shop-web1', { spec: { size: to }, status, metadata: { generation: 2 } });
    const shutdown = (status: 'in-progress' | 'completed' | 'errored') => ({
      action: { type: 'shutdown', status },
    });

    it('shuts the server down first', () => {
      expect(steps(droplet(), { server: server() })).to.deep.equal(['shut-down 7']);
    });

    it('waits while the cloud is busy with the server', () => {
      expect(steps(droplet(), { server: server({ locked: true }) })).to.deep.equal([]);
      expect(steps(droplet(), { server: server(), ...shutdown('in-progress') })).to.deep.equal([]);
    });

    for (const ended of ['errored', 'completed'] as const)
      it(`leaves the guest its whole minute when its shutdown has ${ended}, and cuts the power then`, () => {
        const asked = plan(droplet(), { server: server() });
        const view = { server: server(), ...shutdown(ended) };
        const early = plan(droplet(), view, { actionSeenMs: 59_999 });
        expect(early).to.deep.include({
          steps: [],
          phase: 'Resizing',
          provisioned: false,
          requeueAfterMs: 1,
        });
        expect(early.message).to.match(/^shutting down droplet 7 to resize it/);
        expect(early.message, 'another message would cost a write').to.equal(asked.message);
        expect(plan(droplet(), view).requeueAfterMs).to.equal(5_000);
        expect(steps(droplet(), view, { actionSeenMs: 60_000 })).to.deep.equal(['power-off 7']);
      });

    it('says that the guest is shutting down while the cloud still is at it', () => {
      const { message } = plan(droplet(), { server: server(), ...shutdown('in-progress') });
      expect(message).to.match(/^shutting down droplet 7 to resize it/);
    });

    it('goes on at once when the server is off', () => {
      const view = { server: server({ status: 'off' }), ...shutdown('completed') };
      expect(steps(droplet(), view, { actionSeenMs: 1 })).to.deep.equal(['resize 7']);
    });

    it('gives up draining with each step that stops the server, and not while its guest shuts down', () => {
      const balancer = { name: 'shop-master' };
      const late = { balancer, now: launchedAt + 1e9 };
      const drained = droplet({
        ...activeStatus(7),
        conditions: [aCondition('Provisioned', 'False', 'Draining')],
      });
      const view = { server: server(), ...shutdown('completed') };
      expect(steps(drained, { server: server() }, late)).to.deep.equal([
        'report-drain-timeout',
        'shut-down 7',
      ]);
      expect(steps(drained, view, late)).to.deep.equal([]);
    });

    it('resizes what is off', () => {
      expect(plan(droplet(), { server: server({ status: 'off' }) }).steps).to.deep.equal([
        { type: 'resize', id: 7, size: 'big' },
      ]);
    });

    it('powers on what has its new size', () => {
      const resized = server({ status: 'off', size: 'big' });
      expect(steps(droplet(), { server: resized })).to.deep.equal(['power-on 7']);
    });

    it('refuses what the cloud cannot do, leaves the server running, and says why', () => {
      const smaller = plan(droplet(activeStatus(7), 'tiny'), { server: server() });
      expect(smaller).to.deep.include({ steps: [], phase: 'Failed', reason: 'ResizeRefused' });
      expect(smaller.message).to.contain('disks cannot shrink').and.not.contain('--force');
      expect(smaller.requeueAfterMs, 'the list of sizes may change').to.equal(3_600_000);
      expect(plan(droplet(activeStatus(7), 'far'), { server: server() }).message).to.contain(
        'not available in nyc3',
      );
      expect(plan(droplet(activeStatus(7), 'nonsense'), { server: server() }).message).to.contain(
        'has no size nonsense',
      );
    });

    describe('that DigitalOcean refused, or could not carry out,', () => {
      const failed = { action: { type: 'resize', status: 'errored' } as const };
      const off = server({ status: 'off' });
      const tried = (resize?: ServerStatus['resize']): DropletStatus =>
        activeStatus(7, { ...(resize && { resize }) });
      const refused = tried({ size: 'big', reason: 'ResizeRefused', message: 'no big today.' });

      it('has the server powered on again, and the failure remembered', () => {
        const mended = plan(droplet(tried({ size: 'big' })), { server: off, ...failed });
        const refusal = { reason: 'ResizeFailed', message: 'the resize failed at DigitalOcean' };
        expect(mended.steps).to.deep.equal([
          { type: 'remember-refusal', refusal },
          { type: 'power-on', id: 7 },
        ]);
        expect(mended).to.include({
          phase: 'Failed',
          reason: 'ResizeFailed',
          provisioned: false,
          requeueAfterMs: 5_000,
        });
      });

      it('is not tried again, nor looked at, once the server runs', () => {
        const planned = plan(droplet(refused), { server: server() });
        expect(planned).to.deep.include({
          steps: [],
          phase: 'Failed',
          reason: 'ResizeRefused',
          provisioned: true,
        });
        expect(planned).to.not.have.property('requeueAfterMs');
        expect(planned.message).to.match(
          /^cannot resize from s-1vcpu-1gb to big: no big today\. Choose another size, /,
        );
      });

      it('says the same while the server gets its power back', () => {
        const asked = plan(droplet(refused), { server: off });
        const waits = plan(droplet(refused), { server: server({ status: 'off', locked: true }) });
        expect(waits).to.deep.equal({ ...asked, steps: [] });
      });

      it('says that the disk is lost before anybody deletes the Droplet for it', () => {
        expect(plan(droplet(refused), { server: off }).message).to.match(
          /Deleting this Droplet loses its disk/,
        );
      });

      it('is tried again when the spec has another size, though the action that failed is still named', () => {
        const status = tried({ size: 'far-too-big', reason: 'ResizeFailed', message: 'no' });
        expect(steps(droplet(status), { server: server() })).to.deep.equal(['shut-down 7']);
        expect(steps(droplet(status), { server: off, ...failed })).to.deep.equal(['resize 7']);
      });

      it('is tried again when a person asks for another look, and not for the same one again', () => {
        const asking = (request: string): Droplet => ({
          ...droplet(refused),
          metadata: { ...droplet().metadata, annotations: { [RECONCILE_ANNOTATION]: request } },
        });
        expect(steps(asking('now'), { server: server() })).to.deep.equal(['shut-down 7']);
        const again = { ...asking('now'), status: tried({ ...refused.server!.resize!, request: 'now' }) };
        expect(steps(again, { server: server() })).to.deep.equal([]);
      });
    });
  });

  describe('draining', () => {
    const balancer = { name: 'shop-master' };
    const gone = aDroplet('shop-web1', { status: activeStatus(7), metadata: deleted });
    const grown = aDroplet('shop-web1', { spec: { size: 'big' }, status: activeStatus(7) });
    /** As it is once the first plan was carried out: not Provisioned, since LAUNCHED. */
    const draining = (droplet: Droplet): Droplet => {
      const provisioned = { ...aCondition('Provisioned', 'False', 'Draining'), lastTransitionTime: LAUNCHED };
      return { ...droplet, status: { ...droplet.status, phase: 'Draining', conditions: [provisioned] } };
    };
    const cases: Record<string, [droplet: Droplet, step: string]> = {
      destroyed: [gone, 'destroy 7'],
      'stopped to be resized': [grown, 'shut-down 7'],
    };
    for (const [what, [droplet, step]] of Object.entries(cases))
      describe(`a server that is ${what}`, () => {
        it('leaves it running while the load balancer may have requests in flight to it', () => {
          const first = plan(droplet, { server: server() }, { balancer });
          expect(first).to.deep.include({
            steps: [],
            phase: 'Draining',
            provisioned: false,
            reason: 'Draining',
          });
          expect(first.requeueAfterMs).to.equal(5_000);
          const last = plan(draining(droplet), { server: server() }, { balancer, now: launchedAt + 359_999 });
          expect(last).to.deep.include({ steps: [], phase: 'Draining', requeueAfterMs: 1 });
          expect(last.message, 'another message would cost a write').to.equal(first.message);
        });

        it('goes on as soon as the load balancer has deregistered it', () => {
          expect(steps(draining(droplet), { server: server() })).to.deep.equal([step]);
        });

        it('gives up after a while, and says so', () => {
          const now = launchedAt + 360_000;
          const late = plan(draining(droplet), { server: server() }, { balancer, now });
          expect(late.steps[0]).to.deep.equal({ type: 'report-drain-timeout', master: 'shop-master' });
          expect(late.steps[1]).to.include({ type: step.split(' ')[0] });
        });

        it('does not wait for a server that is off: nothing can be in flight to it', () => {
          const off = plan(droplet, { server: server({ status: 'off' }) }, { balancer });
          expect(off.phase).to.not.equal('Draining');
        });
      });

    it('says whom it waits for, how long at most, and what is the matter', () => {
      const problem = 'shop-master cannot be reached';
      const { message } = plan(gone, { server: server() }, { balancer: { ...balancer, problem } });
      expect(message).to.equal(
        'draining: destroyed once in-flight requests finish, at most 6 min; ' +
          'waiting for shop-master (shop-master cannot be reached)',
      );
    });

    it('does not wait to refuse a resize, which leaves the server running', () => {
      const small = aDroplet('shop-web1', { spec: { size: 'tiny' }, status: activeStatus(7) });
      expect(plan(small, { server: server() }, { balancer })).to.include({ reason: 'ResizeRefused' });
    });
  });

  describe('deletion', () => {
    it('destroys every server that carries its uid, also while suspended', () => {
      const view = { server: server(), duplicates: [server({ id: 8 })] };
      expect(steps(web(activeStatus(7), deleted), view, { suspended: true })).to.deep.equal([
        'destroy 7',
        'destroy 8',
      ]);
    });

    it('keeps the finalizer until the cloud says not found', () => {
      expect(steps(web(activeStatus(7), deleted), { notFound: true })).to.deep.equal(['remove-finalizer']);
    });

    it('keeps the finalizer while a request whose reply was lost may still show up', () => {
      expect(steps(web(asked, deleted))).to.deep.equal([]);
      expect(steps(web(asked, deleted), { nonceSeenMs: 60_001 })).to.deep.equal(['remove-finalizer']);
    });

    it('lets an object go at once for which nothing was ever asked', () => {
      expect(steps(web(undefined, deleted))).to.deep.equal(['remove-finalizer']);
    });

    it('goes on while the load balancer alone keeps the object', () => {
      const kept = web(activeStatus(7), { ...deleted, finalizers: [LOAD_BALANCER_FINALIZER] });
      expect(steps(kept, { server: server() })).to.deep.equal(['destroy 7']);
      expect(steps(kept, { notFound: true })).to.deep.equal(['remove-finalizer']);
    });

    it('leaves the object alone once its finalizer is off', () => {
      expect(steps(web(undefined, { ...deleted, finalizers: [] }))).to.deep.equal([]);
    });
  });
});
