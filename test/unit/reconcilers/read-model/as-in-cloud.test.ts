import { expect } from 'chai';
import { asInCloud, lostDroplets, type Servers } from '../../../../reconcilers/read-model/as-in-cloud.ts';
import { summarizeFleet } from '../../../../reconcilers/read-model/fleet-summary.ts';
import { aCondition, aDroplet, aProject, activeDroplets } from '../../../builders/objects.ts';

const allReady = { observedGeneration: 1, conditions: [aCondition('Ready', 'True', 'AllReady')] };
const shop = aProject('shop', { spec: { servers: 2 }, status: allReady });
const blog = aProject('blog', { spec: { servers: 1 }, status: allReady });
const droplets = [...activeDroplets('shop', 2), ...activeDroplets('blog', 1, 11)];
const ids = droplets.map(({ status }) => status!.server!.id!);
const now = new Date('2026-01-01T00:00:00Z');

describe('Objects compared with what is in the cloud', () => {
  const running = (some: readonly number[]): Servers => new Map(some.map(id => [id, { status: 'active' }]));
  const summary = (servers: readonly number[], all = droplets) => {
    const seen = asInCloud({ projects: [shop, blog], droplets: all }, running(servers), now);
    return summarizeFleet(seen.projects, seen.droplets, new Map());
  };

  it('stay as they are when every server is there', () => {
    const objects = { projects: [shop, blog], droplets };
    expect(asInCloud(objects, running(ids), now)).to.deep.equal(objects);
  });

  it('do not say Ready of a server that is gone, nor of its project; others go on', () => {
    const fleet = summary(ids.slice(1));
    expect(fleet.ready).to.equal(false);
    expect(
      fleet.projects.map(({ name, ready, readyDroplets }) => [name, ready, readyDroplets]),
    ).to.deep.equal([
      ['blog', true, 1],
      ['shop', false, 1],
    ]);
    const [gone, there] = fleet.projects[1]!.droplets;
    expect(gone).to.include({ state: 'Vanished', degraded: true });
    expect(gone!.message).to.equal(`droplet ${ids[0]} no longer exists`);
    expect(there).to.include({ state: 'Ready' });
  });

  it('do not say Ready of a server that is off', () => {
    const servers: Servers = new Map([...running(ids), [ids[2]!, { status: 'off' }]]);
    const seen = asInCloud({ projects: [shop, blog], droplets }, servers, now);
    const [off] = summarizeFleet(seen.projects, seen.droplets, new Map()).projects[0]!.droplets;
    expect(off).to.include({ state: 'NotRunning', message: `droplet ${ids[2]} is off` });
    expect(lostDroplets(droplets, servers)).to.deep.equal(['blog-master']);
  });

  it('may be on their way to a server that no list shows yet', () => {
    const young = aDroplet('blog-master', { status: { phase: 'Creating', server: { id: 99 } } });
    expect(summary(ids.slice(0, 2), [...droplets.slice(0, 2), young]).projects[0]!.droplets[0]).to.include({
      state: 'Creating',
      degraded: false,
    });
  });
});
