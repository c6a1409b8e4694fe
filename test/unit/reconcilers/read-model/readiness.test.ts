import { expect } from 'chai';
import { findCondition } from '../../../../crds/conditions.ts';
import type { DropletStatus } from '../../../../crds/droplet.ts';
import { settleDroplet } from '../../../../reconcilers/read-model/readiness.ts';
import { aCondition } from '../../../builders/objects.ts';

const NOW = new Date('2026-02-01T00:00:00Z');
const REQUIRED = ['Reachable', 'Configured'] as const;
const OF_A_MASTER = [...REQUIRED, 'LoadBalancerReady'] as const;

function ready(
  types: Record<string, boolean>,
  phase: DropletStatus['phase'] = 'Active',
  required: Parameters<typeof settleDroplet>[1] = REQUIRED,
) {
  const conditions = Object.entries(types).map(([type, holds]) => aCondition(type, holds ? 'True' : 'False'));
  return findCondition(
    settleDroplet({ ...(phase && { phase }), conditions }, required, NOW).conditions,
    'Ready',
  )!;
}

describe('Whether a Droplet is Ready', () => {
  const all = { Provisioned: true, Reachable: true, Configured: true };

  it('needs a server that runs, and every condition that is sure to come', () => {
    expect(ready(all)).to.include({ status: 'True', reason: 'Ready' });
    expect(ready({ Provisioned: true })).to.include({ status: 'False', reason: 'Connecting' });
    expect(ready({ Provisioned: true, Reachable: true })).to.include({
      status: 'False',
      reason: 'Connecting',
    });
    expect(ready(all, 'Active', OF_A_MASTER)).to.include({ status: 'False', reason: 'Configuring' });
  });

  it('is being configured still while a master waits for its load balancer', () => {
    const required = [...REQUIRED, 'LoadBalancerReady'] as const;
    expect(ready(all, 'Active', required)).to.include({ status: 'False', reason: 'Configuring' });
  });

  it('needs no condition that nothing reports', () => {
    const conditions = [aCondition('Provisioned', 'True')];
    const status = settleDroplet({ phase: 'Active', conditions }, [], NOW);
    expect(findCondition(status.conditions, 'Ready')).to.include({ status: 'True' });
  });

  for (const type of ['Reachable', 'Configured', 'LoadBalancerReady', 'Healthy'])
    it(`says why when ${type} does not hold`, () => {
      const said = ready({ ...all, [type]: false });
      expect(said).to.include({ status: 'False', reason: type, message: `${type} is False` });
    });

  for (const { phase, condition, minutes, reason } of [
    { phase: 'Booting', condition: 'Provisioned', minutes: 10, reason: 'Booting' },
    { phase: 'Active', condition: 'Configured', minutes: 15, reason: 'FirstBoot' },
  ] as const)
    it(`says of ${reason} that it is overdue after ${minutes} minutes, and no sooner`, () => {
      const at = (ms: number): DropletStatus['server'] => ({
        id: 7,
        launchedAt: new Date(NOW.getTime() - minutes * 60_000 - ms).toISOString(),
      });
      const others = phase === 'Booting' ? [] : ['Provisioned', 'Reachable'];
      const conditions = [
        ...others.map(type => aCondition(type, 'True')),
        aCondition(condition, 'False', reason),
      ];
      const said = (server: DropletStatus['server']) =>
        findCondition(
          settleDroplet({ phase, server: server!, host: { serverID: 7 }, conditions }, [], NOW).conditions,
          'Ready',
        )!;
      expect(said(at(0))).to.include({ status: 'False', reason });
      const late = said(at(1_000));
      expect(late).to.include({ status: 'False', reason: `${reason}Overdue` });
      expect(late.message).to.contain(`lasted over ${minutes} min: `);
      expect(said({ id: 7 })).to.include({ reason });
    });

  it('forgets what observers found of a server when another is asked for', () => {
    const conditions = [aCondition('Healthy', 'False')];
    const healthyOf = (server: DropletStatus['server']) =>
      findCondition(settleDroplet({ server: server!, conditions }, [], NOW).conditions, 'Healthy');
    expect(healthyOf({ id: 7 })).to.include({ status: 'False' });
    expect(healthyOf({ nonce: 'n', formerIDs: [7] })).to.equal(undefined);
  });

  it('goes on saying that it is under recovery while the server that is to take the place is asked for', () => {
    const conditions = [aCondition('Healthy', 'False', 'Recovering')];
    const settled = settleDroplet({ server: { formerIDs: [7] }, conditions }, [], NOW);
    expect(findCondition(settled.conditions, 'Healthy')).to.include({ reason: 'Recovering' });
  });

  it('says first what keeps the others from being known', () => {
    expect(ready({ Provisioned: false, Reachable: false })).to.include({ reason: 'Provisioned' });
    expect(ready({ Provisioned: true, Configured: false, Reachable: false })).to.include({
      reason: 'Reachable',
    });
  });

  it('is not when the server waits for a person, though it runs', () => {
    expect(ready(all, 'Failed')).to.include({ status: 'False', reason: 'Provisioned' });
  });

  it('keeps the time of its last change as long as it does not flip', () => {
    const before = {
      phase: 'Active' as const,
      conditions: [aCondition('Provisioned', 'True'), aCondition('Ready', 'True')],
    };
    const kept = findCondition(settleDroplet(before, [], NOW).conditions, 'Ready')!;
    expect(kept.lastTransitionTime).to.equal('2026-01-01T00:00:00Z');
    const flipped = findCondition(settleDroplet(before, REQUIRED, NOW).conditions, 'Ready')!;
    expect(flipped.lastTransitionTime).to.equal('2026-02-01T00:00:00Z');
  });
});
