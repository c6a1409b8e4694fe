import { expect } from 'chai';
import { nonceTag, retiredAtTag, retiredTag } from '../../../../crds/cloud-tags.ts';
import type { Droplet, DropletStatus } from '../../../../crds/droplet.ts';
import { effectsOf } from '../../../../reconcilers/droplet/effects-plan.ts';
import type { CloudView, PlanInput, Server } from '../../../../reconcilers/droplet/model.ts';
import { planDroplet } from '../../../../reconcilers/droplet/plan.ts';
import { imageOf } from '../../../../reconcilers/droplet/recovery-plan.ts';
import { aCondition, aDroplet, aRecovery, activeStatus } from '../../../builders/objects.ts';

const NOW = Date.parse('2026-01-01T00:00:05Z');
const UID = 'uid-shop-web1';
const TAGS = ['dropfleet:f', 'dropfleet:f:shop:web', `dropfleet-uid:${UID}`, 'dropfleet-api:a'];
const timings = {
  launchGraceMs: 60_000,
  pollMs: 5_000,
  refusedMs: 300_000,
  slowestRefusedMs: 3_600_000,
  shutdownMs: 60_000,
  drainMs: 360_000,
};

const server = (parts: Partial<Server> = {}): Server => ({
  id: 7,
  status: 'active',
  locked: false,
  size: 's-1vcpu-1gb',
  disk: 25,
  region: 'nyc3',
  tags: [...TAGS, nonceTag('nonce7')],
  ...parts,
});
const off = server({ status: 'off' });
const retired = server({
  status: 'off',
  tags: ['dropfleet:f', 'dropfleet-api:a', nonceTag('nonce7'), retiredTag(UID), retiredAtTag(NOW)],
});

function plan(status: DropletStatus, view: Partial<CloudView>, parts: Partial<PlanInput> = {}) {
  return planDroplet({
    droplet: aDroplet('shop-web1', { status }),
    view: { duplicates: [], nonceSeenMs: 0, listAgeMs: 0, ...view },
    suspended: false,
    sizes: new Map(),
    tags: TAGS,
    now: NOW,
    timings,
    ...parts,
  });
}

const steps = (...input: Parameters<typeof plan>): string[] =>
  plan(...input).steps.map(step => ('id' in step ? `${step.type} ${step.id}` : step.type));

const cycling = { ...activeStatus(7), recovery: aRecovery(7, 'PowerCycle') };
const cycled = { ...cycling, server: { ...cycling.server, cycledFor: cycling.recovery.startedAt } };
const replacing = { ...activeStatus(7), recovery: aRecovery(7) };
const succeeding = { ...replacing, server: { formerIDs: [7] } };

describe('The plan for a Droplet whose server is power-cycled', () => {
  it('cuts its power, and says so and why', () => {
    const { steps, ...rest } = plan(cycling, { server: server() });
    expect(steps).to.deep.equal([{ type: 'power-cycle', id: 7, recovery: '2026-01-01T00:00:00Z' }]);
    expect(rest).to.include({ phase: 'PoweringOn', reason: 'PowerCycling', provisioned: false });
    expect(rest.message).to.match(/droplet 7.*: 2 of 2 observers found it dead$/);
  });

  it('waits for it in the same words, and never does it twice for one recovery', () => {
    const { steps: _asks, ...words } = plan(cycling, { server: server() });
    const action = { type: 'power_cycle', status: 'in-progress' } as const;
    const under = plan(cycled, { server: server({ locked: true }), action });
    expect(under).to.deep.equal({ ...words, steps: [] });
    expect(plan(cycled, { server: server() })).to.deep.include({ steps: [], phase: 'Active' });
    const failed = { type: 'power_cycle', status: 'errored' } as const;
    expect(steps(cycled, { server: server(), action: failed })).to.deep.equal([]);
  });

  it('cycles it again for another recovery, and powers on what is off', () => {
    const later = { ...cycling.recovery, startedAt: '2026-01-02T00:00:00Z' };
    expect(steps({ ...cycled, recovery: later }, { server: server() })).to.deep.equal(['power-cycle 7']);
    expect(steps(cycling, { server: off })).to.deep.equal(['power-on 7']);
  });

  it('leaves a server alone that the recovery is not about', () => {
    expect(steps({ ...cycling, recovery: aRecovery(6, 'PowerCycle') }, { server: server() })).to.deep.equal(
      [],
    );
    expect(steps({ ...replacing, recovery: aRecovery(6) }, { server: server() })).to.deep.equal([]);
  });
});

describe('The plan for a Droplet whose server is replaced', () => {
  it('powers it off first, whatever else there is to do to it', () => {
    const small = server({ size: 'another', tags: TAGS.slice(1) });
    expect(steps(replacing, { server: server() })).to.deep.equal(['power-off 7']);
    expect(steps(replacing, { server: small })).to.deep.equal(['power-off 7']);
    expect(plan(replacing, { server: server() })).to.include({ phase: 'Replacing', provisioned: false });
  });

  it('launches nothing while the cloud does not say that it is off', () => {
    const views: Partial<CloudView>[] = [
      { server: server() },
      { server: server({ status: 'new' }) },
      { server: server({ locked: true }) },
      { server: server(), action: { type: 'power_off', status: 'in-progress' } },
      { server: server(), action: { type: 'power_off', status: 'errored' } },
      { server: server(), action: { type: 'power_off', status: 'completed' } },
      { server: server({ status: 'off', locked: true }) },
      { missing: { id: 7, believedInMs: 1 } },
      { foreign: { id: 7, name: 'shop-web1' } },
      { retired: { server: { ...retired, status: 'active' }, isListed: false } },
      { retired: { server: retired, isListed: true } },
    ];
    for (const view of views) expect(steps(replacing, view), JSON.stringify(view)).to.not.include('launch');
  });

  it('says what to do when it cannot be powered off, and asks again after a pause', () => {
    const view: Partial<CloudView> = { server: server(), action: { type: 'power_off', status: 'errored' } };
    const held = plan(replacing, view, { pausedMs: 9_000 });
    expect(held).to.deep.include({ steps: [], phase: 'Failed', requeueAfterMs: 9_000 });
    expect(held.message).to.match(/nothing takes its place before it is off: power it off in its console/);
    expect(steps(replacing, view)).to.deep.equal(['power-off 7']);
  });

  it('retires it once it is off: marked first, then no longer taken for this object’s server', () => {
    expect(plan(replacing, { server: off }).steps).to.deep.equal([
      {
        type: 'retire',
        id: 7,
        put: [retiredTag(UID), 'dropfleet-retired-at:20260101t000005z'],
        off: ['dropfleet:f:shop:web', `dropfleet-uid:${UID}`],
      },
    ]);
  });

  it('goes on with a retirement that was cut off, by the time that it began, whatever the status says by then', () => {
    const half = { ...off, tags: [...TAGS, retiredTag(UID), retiredAtTag(0)] };
    expect(plan(activeStatus(7), { server: half }).steps).to.deep.equal([
      { type: 'retire', id: 7, put: [], off: ['dropfleet:f:shop:web', `dropfleet-uid:${UID}`] },
    ]);
    expect(steps(activeStatus(7), { server: { ...half, status: 'active' } })).to.deep.equal(['power-off 7']);
  });

  it('launches another as soon as it is retired, without a grace for the request that it came of', () => {
    expect(steps(replacing, { retired: { server: retired, isListed: false } })).to.deep.equal(['launch']);
  });

  it('does not take the list’s word for what is this object’s while that lags', () => {
    expect(steps(replacing, { retired: { server: retired, isListed: true } })).to.deep.equal([]);
  });

  it('powers it off again when somebody has turned it on meanwhile', () => {
    const on = { ...retired, status: 'active' as const };
    for (const status of [replacing, succeeding])
      expect(steps(status, { retired: { server: on, isListed: false } })).to.deep.equal(['power-off 7']);
  });

  it('asks for one only: what was asked for may still appear', () => {
    const asked = { ...succeeding, server: { formerIDs: [7], nonce: 'n2' } };
    const view = { retired: { server: retired, isListed: false } };
    expect(steps(asked, view)).to.deep.equal([]);
    expect(steps(asked, { ...view, nonceSeenMs: 60_001 })).to.deep.equal(['launch']);
    const putBack = { ...asked, server: { ...asked.server, id: 7 } };
    expect(steps(putBack, view), 'somebody wrote the old id into the status').to.deep.equal([]);
  });

  it('does nothing while the project is suspended', () => {
    for (const view of [
      { server: server() },
      { server: off },
      { retired: { server: retired, isListed: false } },
    ])
      expect(steps(replacing, view, { suspended: true })).to.deep.equal([]);
  });

  it('boots the new one from the snapshot that the recovery names, and no later one', () => {
    const image = (status: DropletStatus): string => imageOf(aDroplet('shop-web1', { status }));
    const recovery = aRecovery(7, 'Replace', { image: '4711' });
    expect(image({ ...replacing, recovery })).to.equal('4711');
    expect(image({ ...succeeding, recovery })).to.equal('4711');
    expect(image(succeeding)).to.equal('debian-13-x64');
    expect(image({ ...activeStatus(8, { formerIDs: [7] }), recovery })).to.equal('debian-13-x64');
  });

  describe('that gets requests', () => {
    const balancer = { name: 'shop-master' };
    const since = (status: DropletStatus, ...more: Parameters<typeof aCondition>[]): DropletStatus => ({
      ...status,
      conditions: [aCondition('Provisioned', 'False'), ...more.map(one => aCondition(...one))],
    });
    const at = (ms: number) => ({ balancer, now: Date.parse('2026-01-01T00:00:00Z') + ms });

    it('is drained first, as long as any request may take', () => {
      const draining = plan(since(replacing), { server: server() }, at(359_999));
      expect(draining).to.deep.include({ steps: [], phase: 'Draining', reason: 'Replacing' });
      expect(steps(since(replacing), { server: server() }, at(360_000))).to.deep.equal([
        'report-drain-timeout',
        'power-off 7',
      ]);
      expect(plan(since(cycling), { server: server() }, at(0)).phase).to.equal('Draining');
    });

    it('is waited for a minute at most when it is dead: it answers none of them', () => {
      const dead = since(replacing, ['Healthy', 'False']);
      expect(plan(dead, { server: server() }, at(59_999)).phase).to.equal('Draining');
      expect(steps(dead, { server: server() }, at(60_000))).to.deep.equal(['power-off 7']);
    });

    it('is waited for from the moment when it was found unreachable, not from that of the decision', () => {
      const dead = {
        ...replacing,
        conditions: [aCondition('Provisioned', 'True'), aCondition('Healthy', 'False')],
      };
      const decided = plan(dead, { server: server() }, at(45_000));
      expect(decided.phase).to.equal('Draining');
      expect(decided.message).to.contain('at most 15 s');
      expect(steps(dead, { server: server() }, at(60_000))).to.deep.equal(['power-off 7']);
      const late = { ...aCondition('Provisioned', 'False'), lastTransitionTime: '2026-01-01T00:00:45Z' };
      const draining = { ...dead, conditions: [late, aCondition('Healthy', 'False')] };
      expect(plan(draining, { server: server() }, at(59_999)).phase).to.equal('Draining');
      expect(steps(draining, { server: server() }, at(60_000))).to.deep.equal(['power-off 7']);
    });
  });
});

describe('What the gate is asked for a recovery', () => {
  const effects = (droplet: Droplet, view: Partial<CloudView>, more: Partial<CloudView> = {}) => {
    const whole = { duplicates: [], nonceSeenMs: 0, listAgeMs: 0, ...view };
    const planned = plan(droplet.status!, view);
    return effectsOf(droplet, { ...whole, ...more }, planned).own.map(
      ({ verb, cause, server, change, doubt }) =>
        [verb, cause, server, change, doubt?.reason].filter(word => word !== undefined).join(' '),
    );
  };
  const web = (status: DropletStatus): Droplet => aDroplet('shop-web1', { status });

  it('is the whole of it before the first step, and what is left of it after', () => {
    expect(effects(web(replacing), { server: server() })).to.deep.equal([
      'power-off recovery 7 for good',
      'buy recovery 7 in place of 7',
    ]);
    expect(effects(web(replacing), { server: off })).to.deep.equal(['buy recovery 7 in place of 7']);
    for (const status of [replacing, succeeding])
      expect(effects(web(status), { retired: { server: retired, isListed: false } })).to.deep.equal([
        'buy recovery 7 in place of 7',
      ]);
    expect(effects(web(cycling), { server: server() })).to.deep.equal(['power-off recovery 7 power cycle']);
  });

  it('is doubted where the project has servers that belong to no object, before anything is stopped', () => {
    const orphans = [{ id: 9, name: 'shop-web9' }];
    expect(effects(web(replacing), { server: server() }, { orphans })).to.include(
      'buy recovery 7 in place of 7 Orphans',
    );
  });
});
