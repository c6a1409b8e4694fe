import { expect } from 'chai';
import { systemClock } from '../../../clients/clock.ts';
import { DROPLETS } from '../../../clients/kubernetes/kinds.ts';
import { findCondition, type ConditionValue } from '../../../crds/conditions.ts';
import type { Droplet } from '../../../crds/droplet.ts';
import { writeDropletStatus } from '../../../reconcilers/status/write.ts';
import { aDroplet } from '../../builders/objects.ts';
import { describeOnApiServers } from '../../environment/api-server.ts';

const WRITES = 15;

/** A condition that flips with every write. */
const value = (n: number): ConditionValue => ({
  status: n % 2 === 0 ? 'True' : 'False',
  reason: `R${n}`,
  message: `write ${n}`,
});

describeOnApiServers('The controllers of one Droplet that write at once', server => {
  it('lose nothing of what each of them said last', async () => {
    const namespace = await server().namespace();
    const kubernetes = server().client();
    const { apiVersion, kind, spec } = aDroplet('shop-master');
    const made = await kubernetes.create(DROPLETS, {
      apiVersion,
      kind,
      spec,
      metadata: { name: 'shop-master', namespace },
    });
    const context = { kubernetes, clock: systemClock };
    const writer = { signal: new AbortController().signal, wrote: () => undefined };
    const first = {
      fields: { phase: 'Active', server: { id: 1 } },
      conditions: { Provisioned: value(0) },
    } as const;
    const droplet = await writeDropletStatus(context, 'droplet', made, first, writer);
    const repeat = async (write: (read: Droplet, n: number) => Promise<Droplet>): Promise<void> => {
      let read = droplet;
      for (let n = 1; n <= WRITES; n++) read = await write(read, n);
    };
    await Promise.all([
      repeat((read, n) => {
        const fields = { server: { ...read.status!.server, actionID: n } };
        return writeDropletStatus(context, 'droplet', read, { fields }, writer);
      }),
      repeat((read, n) => {
        const fields = { host: { serverID: 1, keyFingerprint: `key ${n}` } };
        const conditions = { Reachable: value(n), Configured: value(n) };
        return writeDropletStatus(context, 'host', read, { fields, conditions }, writer);
      }),
      repeat((read, n) => {
        const change = {
          fields: { loadBalancer: { serverID: 1 } },
          conditions: { LoadBalancerReady: value(n) },
        };
        return writeDropletStatus(context, 'loadBalancer', read, change, writer);
      }),
    ]);
    const { status } = await kubernetes.get(DROPLETS, `${namespace}/shop-master`);
    expect(status!.server).to.deep.equal({ id: 1, actionID: WRITES });
    expect(status!.host).to.deep.equal({ serverID: 1, keyFingerprint: `key ${WRITES}` });
    for (const type of ['Reachable', 'Configured', 'LoadBalancerReady'])
      expect(findCondition(status!.conditions, type)).to.include(value(WRITES));
    expect(findCondition(status!.conditions, 'Ready')).to.include(value(WRITES));
    await server().release(namespace);
  });
});
