import { expect } from 'chai';
import type { Droplet, DropletStatus } from '../../../../crds/droplet.ts';
import type { ObjectMeta } from '../../../../crds/meta.ts';
import { DROPLET_FINALIZER, LOAD_BALANCER_FINALIZER } from '../../../../crds/names.ts';
import { isDrained, leavingWebs, websToRegister } from '../../../../reconcilers/draining/protocol.ts';
import { balancingOf } from '../../../../reconcilers/read-model/balancing.ts';
import { aServer } from '../../../builders/load-balancer.ts';
import { aCondition, aServiceDeployment } from '../../../builders/objects.ts';

const ENDPOINTS = { 'shop-master': '10.0.0.2:80', 'shop-web1': '10.0.0.3:80', 'shop-web2': '10.0.0.4:80' };
const registered = { finalizers: [DROPLET_FINALIZER, LOAD_BALANCER_FINALIZER] };
const unhealthy: DropletStatus = { conditions: [aCondition('Healthy', 'False')] };

/** The master and web1, which are well, and a web2 like that. */
const serversWith = (metadata: Partial<ObjectMeta>, status: DropletStatus = {}): Droplet[] => [
  aServer('shop-master', '10.0.0.2', { metadata: registered }),
  aServer('shop-web1', '10.0.0.3', { metadata: registered }),
  aServer('shop-web2', '10.0.0.4', { metadata, status }),
];
const namesOf = (
  choose: typeof websToRegister,
  droplets: readonly Droplet[],
  endpoints: Record<string, string> = ENDPOINTS,
): string[] => {
  const balancing = balancingOf('shop', droplets, [aServiceDeployment('shop-prod-site', endpoints)]);
  return choose(droplets, balancing).map(({ metadata }) => metadata.name);
};

describe('The webs that a load balancer registers', () => {
  it('are those that get requests, once each', () => {
    expect(namesOf(websToRegister, serversWith({}))).to.deep.equal(['shop-web2']);
    expect(namesOf(websToRegister, serversWith(registered))).to.deep.equal([]);
  });

  it('are none that get none, and never the master, which goes with its nginx', () => {
    const { 'shop-web2': _none, ...others } = ENDPOINTS;
    expect(namesOf(websToRegister, serversWith({}), others)).to.deep.equal([]);
    expect(namesOf(websToRegister, serversWith({}, unhealthy))).to.deep.equal([]);
    const master = aServer('shop-master', '10.0.0.2');
    expect(namesOf(websToRegister, [master])).to.deep.equal([]);
  });
});

describe('The webs that leave a load balancer', () => {
  const leaving = (...parts: Parameters<typeof serversWith>): string[] =>
    namesOf(leavingWebs, serversWith(...parts));

  it('are none that is deleted before the gate has let that through', () => {
    expect(leaving({ ...registered, deletionTimestamp: '2026-01-01T00:00:00Z' })).to.deep.equal([]);
  });

  it('are those that are registered, and are to be stopped or destroyed, or are not there any more', () => {
    for (const phase of ['Draining', 'Resizing', 'Creating', 'Failed'] as const)
      expect(leaving(registered, { phase }), phase).to.deep.equal(['shop-web2']);
  });

  it('are those that no service is on any more', () => {
    const { 'shop-web2': _none, ...others } = ENDPOINTS;
    expect(namesOf(leavingWebs, serversWith(registered), others)).to.deep.equal(['shop-web2']);
    expect(namesOf(leavingWebs, serversWith(registered), {})).to.deep.equal(['shop-web1', 'shop-web2']);
  });

  it('are none that is not registered', () => {
    expect(leaving({ finalizers: [DROPLET_FINALIZER] }, { phase: 'Draining' })).to.deep.equal([]);
  });

  it('are none that is merely not well: it may be back in a moment', () => {
    expect(leaving(registered, unhealthy)).to.deep.equal([]);
  });

  const isOver = (outForMs: number, oldWorkers: number, open: number | undefined): boolean =>
    isDrained(
      { droplet: aServer('shop-web2', '10.0.0.4'), outForMs },
      { oldWorkers, connections: new Map(open === undefined ? [] : [['10.0.0.4', open]]) },
    );

  it('are gone when every worker that knows them has ended, and not before it knows that it is to', () => {
    expect([isOver(999, 0, 0), isOver(1_000, 0, 0), isOver(1_000, 0, 3)]).to.deep.equal([false, true, true]);
  });

  it('are gone when old workers have no connection to them and no time to make one', () => {
    expect([isOver(44_999, 1, 0), isOver(45_000, 1, 0), isOver(45_000, 1, 1)]).to.deep.equal([
      false,
      true,
      false,
    ]);
    expect(isOver(1e9, 1, undefined), 'nobody looked').to.equal(false);
  });
});
