import { expect } from 'chai';
import type { Event } from '../../../../clients/kubernetes/kinds.ts';
import { viewFleet, type ViewInput } from '../../../../reconcilers/page/view.ts';
import {
  aCondition,
  activeDroplets,
  aDroplet,
  aProject,
  aServiceDeployment,
} from '../../../builders/objects.ts';

const NOW = Date.parse('2026-11-29T12:00:00Z');

const anEvent = (parts: Partial<Event>): Event => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'one', namespace: 'default' },
  involvedObject: { apiVersion: 'v1', kind: 'Droplet', name: 'shop-web1' },
  type: 'Normal',
  reason: 'Active',
  message: 'droplet 7 is active',
  source: { component: 'dropfleet' },
  firstTimestamp: '2026-11-29T11:00:00Z',
  lastTimestamp: '2026-11-29T11:59:00Z',
  count: 1,
  ...parts,
});

describe('What the page shows', () => {
  const view = (parts: Partial<ViewInput> = {}) =>
    viewFleet({
      fleet: 'f1',
      projects: [aProject('shop', { spec: { servers: 2 } })],
      droplets: activeDroplets('shop', 2),
      services: [],
      votes: [],
      holds: [],
      events: [],
      prices: new Map(),
      now: NOW,
      ...parts,
    });

  it('is who observes whom, who is dead, and who balances', () => {
    const [master, web] = activeDroplets('shop', 2);
    master!.status = {
      ...master!.status,
      monitors: ['shop-web1'],
      conditions: [...master!.status!.conditions!, aCondition('LoadBalancerReady', 'False', 'PortTaken')],
    };
    web!.status = {
      ...web!.status,
      snapshot: { id: '5', createdAt: '2026-11-29T10:00:00Z' },
      conditions: [aCondition('Healthy', 'False', 'Dead')],
    };
    const [first, second] = view({ droplets: [master!, web!] }).projects[0]!.droplets;
    expect(first).to.deep.include({ monitors: ['shop-web1'] });
    expect(first!.balancer).to.include({ status: 'False', reason: 'PortTaken' });
    expect(second!.health).to.include({ status: 'False', reason: 'Dead' });
    expect(second).to.include({ snapshotAt: '2026-11-29T10:00:00Z' });
    expect(second!.balancer).to.equal(undefined);
  });

  it('is a recovery of the server that there is, not of the one before', () => {
    const recovery = { serverID: 1, step: 'Replace' as const, startedAt: '2026-11-29T11:00:00Z', cause: 'c' };
    const [master] = activeDroplets('shop', 1);
    const shown = (id: number) => {
      const droplet = { ...master!, status: { ...master!.status, server: { id }, recovery } };
      return view({ droplets: [droplet] }).projects[0]!.droplets[0]!.recovery;
    };
    expect([shown(1), shown(2)]).to.deep.equal(['Replace', undefined]);
  });

  it('is each service below its own project, though two namespaces have projects of one name', () => {
    const other = { metadata: { namespace: 'other' } };
    const { projects } = view({
      projects: [aProject('shop'), aProject('shop', other)],
      droplets: [],
      services: [aServiceDeployment('shop-prod-api', {}, other)],
    });
    expect(projects.map(({ namespace, services }) => [namespace, services.length])).to.deep.equal([
      ['default', 0],
      ['other', 1],
    ]);
  });

  it('is not well while something is held, nothing is done, or a droplet belongs to no project', () => {
    const isReady = (parts: Partial<ViewInput>): boolean =>
      view({ projects: [], droplets: [], ...parts }).ready;
    expect(isReady({})).to.equal(true);
    expect(isReady({ holds: [{ effects: 'destroy shop', message: 'too many' }] })).to.equal(false);
    expect(isReady({ problem: 'another account' })).to.equal(false);
    expect(isReady({ droplets: [aDroplet('lost-master')] })).to.equal(false);
  });

  it('is the last forty Events, the newest first, also those that lack what ours have', () => {
    const events = Array.from({ length: 50 }, (_, n) =>
      anEvent({ reason: `n${n}`, lastTimestamp: new Date(NOW + n * 1_000).toISOString() }),
    );
    const {
      lastTimestamp: _last,
      firstTimestamp: _first,
      count: _count,
      ...bare
    } = anEvent({ reason: 'bare' });
    const shown = view({ events: [...events, bare as Event] }).events;
    expect(shown).to.have.length(40);
    expect(shown[0]!.reason).to.equal('n49');
    expect(shown.map(({ reason }) => reason)).to.not.include('bare');
    expect(view({ events: [bare as Event] }).events[0]).to.include({ reason: 'bare', at: '', count: 1 });
  });

  it('is the same at another time: who looks is told of changes alone', () => {
    expect(view({ now: NOW + 3_600_000 })).to.deep.equal(view());
  });
});
