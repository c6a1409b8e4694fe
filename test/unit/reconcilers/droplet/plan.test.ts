import { expect } from 'chai';
import type { Droplet, DropletStatus } from '../../../../crds/droplet.ts';
import { LOAD_BALANCER_FINALIZER } from '../../../../crds/names.ts';
import {
  planDroplet,
  type CloudView,
  type PlanInput,
  type Server,
} from '../../../../reconcilers/droplet/plan.ts';
import type { SizeFacts } from '../../../../reconcilers/droplet/power-plan.ts';
import { aCondition, aDroplet, activeStatus } from '../../../builders/objects.ts';

const LAUNCHED = '2026-01-01T00:00:00Z';
const launchedAt = Date.parse(LAUNCHED);
const TAGS = ['dropfleet:f', 'dropfleet-uid:u'];
const timings = { launchGraceMs: 60_000, pollMs: 5_000, refusedMs: 300_000, drainMs: 360_000 };

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
const asked: DropletStatus = { nonce: 'n1', launchedAt: LAUNCHED, phase: 'Creating' };
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
    const { steps: _waits, ...whileWaiting } = plan(web({ ...asked, dropletID: 7 }));
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
    const booting = plan(web({ ...asked, dropletID: 7 }), { server: server({ status: 'new' }) });
    expect(booting).to.include({ phase: 'Booting', provisioned: false, lookAgainMs: 5_000 });
    expect(booting.steps).to.deep.equal([]);
  });

  it('has nothing to do for a server that is as asked, and does not look again by itself', () => {
    const active = plan(web(activeStatus(7)), { server: server() });
    expect(active).to.deep.include({ steps: [], phase: 'Active', provisioned: true });
    expect(active).not.to.have.property('lookAgainMs');
  });

  it('makes a server anew that the cloud says is gone', () => {
    expect(steps(web(activeStatus(7)), { notFound: true })).to.deep.equal(['launch']);
  });

  it('waits when a known server is merely missing from a list', () => {
    expect(steps(web({ ...asked, dropletID: 7 }))).to.deep.equal([]);
  });

  it('powers a server on that somebody turned off', () => {
    expect(steps(web(activeStatus(7)), { server: server({ status: 'off' }) })).to.deep.equal(['power-on 7']);
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
    expect(moved.message).to.contain('spec.region cannot be changed: put it back to nyc3');
    const stolen = web(activeStatus(7));
    stolen.spec.project = 'other';
    expect(plan(stolen, { server: server() }).message).to.contain('spec.project cannot be changed');
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

    it('powers off what would not shut down', () => {
      expect(steps(droplet(), { server: server(), ...shutdown('errored') })).to.deep.equal(['power-off 7']);
      expect(steps(droplet(), { server: server(), ...shutdown('completed') })).to.deep.equal(['power-off 7']);
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
      expect(smaller.message).to.contain('disks cannot shrink');
      expect(plan(droplet(activeStatus(7), 'far'), { server: server() }).message).to.contain(
        'not to be had in nyc3',
      );
      expect(plan(droplet(activeStatus(7), 'nonsense'), { server: server() }).message).to.contain(
        'has no size nonsense',
      );
    });

    it('powers a server on again whose resize failed, and does not power it off for another try', () => {
      const view = { action: { type: 'resize', status: 'errored' } as const };
      const off = plan(droplet(), { server: server({ status: 'off' }), ...view });
      expect(off).to.deep.include({ steps: [{ type: 'power-on', id: 7 }], reason: 'ResizeFailed' });
      const conditions = [aCondition('Ready', 'False', 'ResizeFailed')];
      const told = { ...activeStatus(7), phase: 'Failed' as const, observedGeneration: 2, conditions };
      expect(steps(droplet(told), { server: server() })).to.deep.equal([]);
      const changed = { ...told, observedGeneration: 1 };
      expect(steps(droplet(changed), { server: server() })).to.deep.equal(['shut-down 7']);
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
        it('leaves it running while the load balancer may have requests under way to it', () => {
          const first = plan(droplet, { server: server() }, { balancer });
          expect(first).to.deep.include({
            steps: [],
            phase: 'Draining',
            provisioned: false,
            reason: 'Draining',
          });
          expect(first.lookAgainMs).to.equal(5_000);
          const last = plan(draining(droplet), { server: server() }, { balancer, now: launchedAt + 359_999 });
          expect(last).to.deep.include({ steps: [], phase: 'Draining', lookAgainMs: 1 });
          expect(last.message, 'another message would cost a write').to.equal(first.message);
        });

        it('goes on as soon as the load balancer has let go', () => {
          expect(steps(draining(droplet), { server: server() })).to.deep.equal([step]);
        });

        it('gives up after a while, and says so', () => {
          const now = launchedAt + 360_000;
          const late = plan(draining(droplet), { server: server() }, { balancer, now });
          expect(late.steps[0]).to.deep.equal({ type: 'give-up-drain', master: 'shop-master' });
          expect(late.steps[1]).to.include({ type: step.split(' ')[0] });
        });

        it('does not wait for a server that is off: nothing can be under way to it', () => {
          const off = plan(droplet, { server: server({ status: 'off' }) }, { balancer });
          expect(off.phase).to.not.equal('Draining');
        });
      });

    it('says whom it waits for, how long at most, and what is the matter', () => {
      const trouble = 'shop-master cannot be reached';
      const { message } = plan(gone, { server: server() }, { balancer: { ...balancer, trouble } });
      expect(message).to.equal(
        'droplet 7 is destroyed when the requests under way to it have ended, or after 6 minutes; ' +
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
