import { expect } from 'chai';
import { refused } from '../../../clients/kubernetes/errors.ts';
import { LEASES, type Lease } from '../../../clients/kubernetes/kinds.ts';
import { findLeader, LEADER_LEASE, operatorNamespace } from '../../../cli/world/leader.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { fakeKubernetesClient, type FakeKubernetesClient } from '../../fakes/kubernetes-client.ts';

const now = new Date('2026-01-01T00:00:00Z');

function aLease(namespace: string, ageSeconds: number, holderIdentity = 'pod-1', name = LEADER_LEASE): Lease {
  const renewTime = new Date(now.getTime() - ageSeconds * 1_000).toISOString();
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace },
    spec: { holderIdentity, leaseDurationSeconds: 15, renewTime },
  };
}

describe('The namespace of the operator', () => {
  const cases: [what: string, leases: Lease[], expected: string][] = [
    ["is the kubeconfig's own where none ever led", [], 'mine'],
    ['is where one leads', [aLease('dropfleet', 3)], 'dropfleet'],
    [
      'is where one leads, also when another led here',
      [aLease('mine', 60), aLease('dropfleet', 3)],
      'dropfleet',
    ],
    ['is the own where one leads in both', [aLease('dropfleet', 1), aLease('mine', 3)], 'mine'],
    ['is the own where one led here, and none leads', [aLease('dropfleet', 30), aLease('mine', 60)], 'mine'],
    ['is where the last one led', [aLease('older', 99), aLease('newer', 60, '')], 'newer'],
    ['has nothing to do with other Leases', [aLease('kube-system', 1, 'x', 'kube-scheduler')], 'mine'],
  ];
  for (const [what, leases, expected] of cases)
    it(what, async () => {
      expect(await operatorNamespace(fakeKubernetesClient(leases), 'mine', now)).to.equal(expected);
    });

  it('is the own for whoever may not see other namespaces', async () => {
    expect(await operatorNamespace(confined([aLease('dropfleet', 3)]), 'mine', now)).to.equal('mine');
  });
});

describe('The operator that leads now', () => {
  const search = (client: Pick<FakeKubernetesClient, 'get' | 'list'>, more = {}) => {
    const clock = fakeClock(now.getTime());
    return { clock, found: findLeader(client, { namespace: 'mine', clock, ...more }) };
  };
  /** What is found by a command that waits as long as it likes. */
  const find = async (client: Pick<FakeKubernetesClient, 'get' | 'list'>, more = {}) => {
    const { clock, found } = search(client, more);
    await clock.advance(60_000);
    return await found;
  };

  it('is one that renewed its Lease just now, in whatever namespace, and is believed at once', async () => {
    const { found } = search(fakeKubernetesClient([aLease('mine', 1, ''), aLease('dropfleet', 14)]));
    expect(await found).to.deep.equal({ holder: 'pod-1', namespace: 'dropfleet' });
  });

  it('is none where none holds a Lease, and where the holder is known to be dead', async () => {
    expect(await search(fakeKubernetesClient([aLease('dropfleet', 1, '')])).found).to.equal(undefined);
    const isKnownDead = (holder: string): boolean => holder === 'pod-1';
    const dead = search(fakeKubernetesClient([aLease('dropfleet', 1)]), { isKnownDead });
    expect(await dead.found).to.equal(undefined);
  });

  for (const [whose, age] of [
    ['behind', 3_600],
    ['ahead', -3_600],
  ] as const)
    it(`is one that is seen to renew, though its clock is an hour ${whose}`, async () => {
      const client = fakeKubernetesClient([aLease('dropfleet', age)]);
      const { clock, found } = search(client);
      await clock.advance(1_900);
      await client.patch(LEASES, `dropfleet/${LEADER_LEASE}`, { spec: { leaseTransitions: 1 } });
      await clock.advance(500);
      expect(await found).to.deep.equal({ holder: 'pod-1', namespace: 'dropfleet' });
    });

  it('is none when it does not renew, and nothing is written to find out', async () => {
    const client = fakeKubernetesClient([aLease('dropfleet', 16), aLease('other', -60)]);
    const { clock, found } = search(client);
    await clock.advance(5_000);
    expect(await found).to.equal(undefined);
    expect(client.writes()).to.deep.equal([]);
  });

  it('is not waited for where the last one went days ago', async () => {
    const { found } = search(fakeKubernetesClient([aLease('dropfleet', 90_000)]));
    expect(await found).to.equal(undefined);
  });

  it('is sought in the own namespace by whoever may not see others', async () => {
    const leases = [aLease('mine', 1), aLease('dropfleet', 1)];
    expect(await find(confined(leases))).to.deep.equal({ holder: 'pod-1', namespace: 'mine' });
    expect(await find(confined(leases.slice(1)))).to.equal(undefined);
  });
});

/** The client of somebody who may not list Leases over all namespaces. */
function confined(leases: Lease[]): FakeKubernetesClient {
  const call = { method: 'GET', path: '/apis/coordination.k8s.io/v1/leases', server: 'https://k' };
  return {
    ...fakeKubernetesClient(leases),
    list: () => Promise.reject(refused(call, 403, { message: 'no' })),
  };
}
