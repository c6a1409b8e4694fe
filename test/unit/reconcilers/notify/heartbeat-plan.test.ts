import { expect } from 'chai';
import { planHeartbeat, slotOf, untilNextSlot } from '../../../../reconcilers/notify/heartbeat-plan.ts';
import { summarizeFleet } from '../../../../reconcilers/read-model/fleet-summary.ts';
import { summarizeServices } from '../../../../reconcilers/read-model/services.ts';
import { aCondition, activeDroplets, aProject, aServiceDeployment } from '../../../builders/objects.ts';

const MINUTE = 60_000;

describe('a heartbeat', () => {
  const project = aProject('shop', {
    spec: { servers: 3 },
    status: { observedGeneration: 1, conditions: [aCondition('Ready', 'True')] },
  });
  const droplets = activeDroplets('shop', 3);
  const service = aServiceDeployment(
    'shop-prod-web',
    {},
    { spec: { version: 'v1' }, status: { observedGeneration: 1, conditions: [aCondition('Ready', 'True')] } },
  );
  const plan = (services = [service], all = droplets, failing = [] as { name: string; text: string }[]) =>
    planHeartbeat({
      fleet: summarizeFleet([project], all, new Map()),
      services: summarizeServices(services, all),
      failing,
    });

  it('is due in each slot of the day once', () => {
    const nine = Date.parse('2026-01-01T09:00:00Z');
    expect(slotOf(nine, 15)).to.equal(slotOf(nine + 14.9 * MINUTE, 15));
    expect(slotOf(nine + 15 * MINUTE, 15)).to.equal(slotOf(nine, 15)! + 1);
    expect(untilNextSlot(nine + 14 * MINUTE, 15)).to.equal(MINUTE);
    expect(slotOf(nine, 0)).to.equal(undefined);
  });

  it('says that all is well, and what is watched', () => {
    expect(plan()).to.deep.equal({
      isWell: true,
      headline: '3 of 3 droplets, 1 of 1 services',
      problems: [],
      watched: [{ name: 'shop', text: '3 of 3 droplets, 1 of 1 services' }],
    });
  });

  it('says what is not well: servers, services, rejected releases, and what cannot be sent', () => {
    const bad = { ...service, status: { ...service.status, conditions: [aCondition('Ready', 'False')] } };
    const rejected = { release: 'r', reason: 'Unhealthy', message: 'it answered 500' };
    const late = { ...service, status: { ...service.status, rejected } };
    const ill = droplets.map((droplet, i) =>
      i === 0
        ? { ...droplet, status: { ...droplet.status, conditions: [aCondition('Ready', 'False')] } }
        : droplet,
    );
    const failing = [{ name: 'SMS', text: 'refused' }];
    const { isWell, problems } = plan([bad], ill, failing);
    expect(isWell).to.equal(false);
    expect(problems).to.deep.equal([
      { name: 'shop-master', text: 'Ready is False' },
      { name: 'shop-prod-web', text: 'Ready is False' },
      { name: 'SMS', text: 'refused' },
    ]);
    expect(plan([late]).problems).to.deep.equal([{ name: 'shop-prod-web', text: 'it answered 500' }]);
  });

  it('does not name more than a mail can hold', () => {
    const failing = Array.from({ length: 40 }, (_, i) => ({ name: `${i}`, text: 'x' }));
    const { problems } = plan([service], droplets, failing);
    expect(problems).to.have.length(31);
    expect(problems.at(-1)!.name).to.equal('10 more');
  });
});
