import { expect } from 'chai';
import { refused } from '../../../clients/kubernetes/errors.ts';
import type { Lease } from '../../../clients/kubernetes/kinds.ts';
import { LEADER_LEASE, leadingNamespace, operatorNamespace } from '../../../cli/world/leader.ts';
import { fakeKubernetesClient } from '../../fakes/kubernetes-client.ts';

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
    const call = { method: 'GET', path: '/apis/coordination.k8s.io/v1/leases', server: 'https://k' };
    const list = () => Promise.reject(refused(call, 403, { message: 'no' }));
    expect(await operatorNamespace({ list }, 'mine', now)).to.equal('mine');
  });
});

describe('An operator that leads now', () => {
  it('is one that holds its Lease and renewed it in time', async () => {
    const leader = (...leases: Lease[]) => leadingNamespace(fakeKubernetesClient(leases), now);
    expect(await leader(aLease('dropfleet', 14))).to.equal('dropfleet');
    expect(await leader(aLease('dropfleet', 15))).to.equal(undefined);
    expect(await leader(aLease('dropfleet', 1, ''))).to.equal(undefined);
  });
});
