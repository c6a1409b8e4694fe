import { expect } from 'chai';
import type { Droplet, DropletStatus } from '../../../../crds/droplet.ts';
import type { ProjectSpec } from '../../../../crds/project.ts';
import type { ServiceDeployment } from '../../../../crds/service-deployment.ts';
import { SNAPSHOT } from '../../../../reconcilers/snapshot/concern.ts';
import { planSchedule, type ScheduleInput } from '../../../../reconcilers/snapshot/schedule-plan.ts';
import {
  aCondition,
  activeStatus,
  aDroplet,
  aProject,
  aServiceDeployment,
} from '../../../builders/objects.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.parse('2026-03-01T12:00:00Z');
const ago = (ms: number): string => new Date(NOW - ms).toISOString();

const CONDITIONS = ['Provisioned', 'Reachable', 'Configured'].map(type => aCondition(type, 'True'));

/** A server as it should be, whose last snapshot is that old. */
const server = (name: string, id: number, lastMs?: number, status: DropletStatus = {}): Droplet =>
  aDroplet(name, {
    metadata: { creationTimestamp: ago(30 * DAY) },
    status: {
      ...activeStatus(id, { privateAddress: `10.0.0.${id}` }),
      conditions: CONDITIONS,
      ...(lastMs !== undefined && { snapshot: { id: '1', createdAt: ago(lastMs) } }),
      ...status,
    },
  });

/** A production service that began to serve so long ago. */
const released = (ms: number, rolled: 'True' | 'False' = 'True', name = 'shop-prod-app'): ServiceDeployment =>
  aServiceDeployment(
    name,
    { 'shop-web1': '10.0.0.2:8000' },
    {
      status: {
        endpoints: [{ droplet: 'shop-web1', address: '10.0.0.2:8000' }],
        deployedAt: ago(ms),
        conditions: [aCondition('Rolled', rolled)],
      },
    },
  );

function plan(
  droplets: Droplet[],
  services: ServiceDeployment[] = [],
  spec: Partial<ProjectSpec> = {},
  busy: number[] = [],
) {
  const input: ScheduleInput = {
    project: aProject('shop', { spec }),
    droplets,
    services,
    idleServers: new Set([1, 2, 3].filter(id => !busy.includes(id))),
    now: NOW,
    timings: SNAPSHOT.timings,
  };
  const schedule = planSchedule(input);
  return schedule.type === 'take' ? `${schedule.cause} of ${schedule.droplet.metadata.name}` : schedule.ms;
}

describe('When a snapshot is taken', () => {
  const [fresh, old] = [server('shop-master', 1, HOUR), server('shop-master', 1, DAY)];

  it('is a day after the last one of the master, or after its own beginning', () => {
    expect(plan([old])).to.equal('daily of shop-master');
    expect(plan([server('shop-master', 1)])).to.equal('daily of shop-master');
    expect(plan([server('shop-master', 1, DAY - 10 * MINUTE)])).to.equal(10 * MINUTE);
    expect(plan([fresh])).to.equal(HOUR);
  });

  it('is never for a web alone: nothing is on it that is not made again', () => {
    expect(plan([fresh, server('shop-web1', 2)])).to.equal(HOUR);
  });

  it('is five minutes after a production release, of the master and then of one web', () => {
    const webs = [server('shop-web10', 3), server('shop-web2', 2)];
    expect(plan([fresh, ...webs], [released(4 * MINUTE)])).to.equal(MINUTE);
    expect(plan([fresh, ...webs], [released(6 * MINUTE)])).to.equal('release of shop-master');
    const covered = server('shop-master', 1, MINUTE);
    expect(plan([covered, ...webs], [released(6 * MINUTE)])).to.equal('release of shop-web2');
    expect(plan([covered, webs[0]!, server('shop-web2', 2, 0)], [released(6 * MINUTE)])).to.equal(HOUR);
  });

  it('is not for what runs elsewhere than in production', () => {
    expect(plan([fresh], [released(6 * MINUTE, 'True', 'shop-uat-app')])).to.equal(HOUR);
  });

  it('is once the rollouts are over; a daily one waits for them for an hour', () => {
    const rolling = released(10 * DAY, 'False');
    expect(plan([old], [rolling])).to.equal(HOUR);
    expect(plan([server('shop-master', 1, DAY + HOUR)], [rolling])).to.equal('daily of shop-master');
    expect(plan([fresh], [released(6 * MINUTE, 'False')])).to.equal(HOUR);
  });

  it('is not while the server is away, at work for the cloud, resized, drained, or about to go', () => {
    const away = server('shop-master', 1, DAY, {
      conditions: [aCondition('Provisioned', 'True'), aCondition('Reachable', 'False')],
    });
    const going = { ...old, metadata: { ...old.metadata, deletionTimestamp: ago(0) } };
    const resized = { ...old, spec: { ...old.spec, size: 's-2vcpu-2gb' } };
    for (const droplet of [away, going, resized, server('shop-master', 1, DAY, { phase: 'Draining' })])
      expect(plan([droplet])).to.equal(HOUR);
    expect(plan([old], [], {}, [1])).to.equal(HOUR);
  });

  it('is one at a time in a project', () => {
    const snapshotting = { name: 'n', requestedAt: ago(0), cause: 'release' as const };
    expect(plan([old, server('shop-web1', 2, HOUR, { snapshotting })])).to.equal(HOUR);
  });

  it('is never where snapshots are off or the project is suspended', () => {
    expect(plan([old], [], { snapshots: 'off' })).to.equal(HOUR);
    expect(plan([old], [], { suspend: true })).to.equal(HOUR);
  });

  it('is not put off by times that a wrong clock wrote', () => {
    expect(plan([server('shop-master', 1, -10 * DAY)])).to.equal('daily of shop-master');
  });
});
