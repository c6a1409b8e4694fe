import { expect } from 'chai';
import type { Clock } from '../../../../clients/clock.ts';
import { isAborted, isDoubtful, type CloudError } from '../../../../clients/digitalocean/errors.ts';
import { createCloud } from '../../../../clients/digitalocean/http-client.ts';
import { acquireLeadership } from '../../../../controllers/runtime/leader-election.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { fakeKubernetesClient } from '../../../fakes/kubernetes-client.ts';
import { fakeLogger } from '../../../fakes/logger.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { scriptedServer } from '../../clients/digitalocean/scripted-server.ts';

const REQUEST = { name: 'a', region: 'nyc3', size: 's', image: 'i', tags: ['t'], sshKeys: [1] };

describe('The fence around a call to the cloud', () => {
  it('lets none out that waited for its turn while the machine slept past the lease', async () => {
    const clock = fakeClock();
    let sleptMs = 0;
    const sleepy: Clock = { ...clock, now: () => clock.now() + sleptMs };
    const server = await scriptedServer(() => ({ status: 422, json: { id: 'x', message: 'm' } }));
    const cloud = createCloud({ token: 't', apiUrl: server.url, clock: sleepy, random: () => 0 });
    try {
      const leadership = await acquireLeadership(
        {
          client: fakeKubernetesClient(),
          clock: sleepy,
          log: fakeLogger(),
          random: () => 0,
          namespace: 'system',
          name: 'dropfleet',
          identity: 'me',
        },
        new AbortController().signal,
      );
      const usedUp = Array.from({ length: 240 }, () => rejection(cloud.getAction(1)));
      const create = rejection(leadership.fence(signal => cloud.createDroplet(REQUEST, signal)));
      await Promise.all(usedUp);
      await clock.advance(59_999);
      sleptMs = 113_000;
      await clock.advance(1);
      const error = (await create) as CloudError;
      expect([isAborted(error), isDoubtful(error)]).to.deep.equal([true, false]);
      expect(error.message).to.match(
        /^request to create a droplet not sent to DigitalOcean: lost the leadership/,
      );
      expect(server.received.filter(({ method }) => method === 'POST')).to.deep.equal([]);
      await leadership.release();
    } finally {
      cloud.close();
      await server.close();
    }
  });
});
