import { expect } from 'chai';
import { EVENTS } from '../../../../clients/kubernetes/kinds.ts';
import { createEventRecorder } from '../../../../controllers/runtime/events.ts';
import { aDroplet } from '../../../builders/objects.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { fakeKubernetesClient } from '../../../fakes/kubernetes-client.ts';
import { fakeLogger } from '../../../fakes/logger.ts';

function setUp() {
  const clock = fakeClock();
  const client = fakeKubernetesClient();
  const log = fakeLogger();
  let drawn = 0;
  const random = (): number => ++drawn / 1e6;
  const recorder = createEventRecorder({ client, clock, log, random, component: 'dropfleet' });
  const recorded = (): string[] =>
    client.storedAll(EVENTS).map(({ reason, message, count }) => `${reason}: ${message} (${count})`);
  return { clock, client, log, recorder, recorded };
}
const web = aDroplet('shop-web1');

describe('The event recorder', () => {
  it('writes an Event that kubectl describe finds by its object', async () => {
    const { client, recorder } = setUp();
    recorder.record(web, 'Warning', 'Vanished', 'the server is gone');
    await recorder.flushed();
    const [event] = client.storedAll(EVENTS);
    expect(event!.metadata.name).to.match(/^shop-web1\.[0-9a-f]+$/);
    expect(event).to.deep.include({
      type: 'Warning',
      reason: 'Vanished',
      message: 'the server is gone',
      source: { component: 'dropfleet' },
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: 1,
      involvedObject: {
        apiVersion: 'dropfleet.io/v1alpha1',
        kind: 'Droplet',
        name: 'shop-web1',
        namespace: 'default',
        uid: web.metadata.uid,
        resourceVersion: web.metadata.resourceVersion,
      },
    });
  });

  it('counts the same observation up, and keeps when it was first made', async () => {
    const { clock, client, recorder } = setUp();
    for (let n = 0; n < 3; n++) {
      recorder.record(web, 'Normal', 'Creating', 'asked');
      await clock.advance(1000);
    }
    await recorder.flushed();
    const [event, ...others] = client.storedAll(EVENTS);
    expect(others).to.deep.equal([]);
    expect(event).to.include({
      count: 3,
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:02Z',
    });
  });

  it('recreates an Event that the API let expire', async () => {
    const { client, recorder, recorded } = setUp();
    recorder.record(web, 'Normal', 'Creating', 'asked');
    await recorder.flushed();
    const { name, namespace } = client.storedAll(EVENTS)[0]!.metadata;
    await client.delete(EVENTS, `${namespace}/${name}`);
    recorder.record(web, 'Normal', 'Creating', 'asked');
    await recorder.flushed();
    expect(recorded()).to.deep.equal(['Creating: asked (2)']);
  });

  it('tells ten texts of one reason apart, and combines the rest', async () => {
    const { recorder, recorded } = setUp();
    for (let n = 1; n <= 13; n++) recorder.record(web, 'Warning', 'Error', `failure ${n}`);
    await recorder.flushed();
    expect(recorded()).to.have.length(11);
    expect(recorded().at(-1)).to.equal('Error: (combined from similar events): failure 13 (3)');
  });

  it('tells texts apart again when the reason was quiet for 600 s', async () => {
    const { clock, recorder, recorded } = setUp();
    for (let n = 1; n <= 12; n++) recorder.record(web, 'Warning', 'Error', `failure ${n}`);
    await clock.advance(600_001);
    recorder.record(web, 'Warning', 'Error', 'failure 99');
    await recorder.flushed();
    expect(recorded().at(-1)).to.equal('Error: failure 99 (1)');
  });

  it('writes 25 about an object at once and then one in 300 s, and does not make others wait', async () => {
    const { clock, client, recorder } = setUp();
    const say = async (): Promise<number> => {
      client.calls.length = 0;
      for (let n = 0; n < 40; n++) recorder.record(web, 'Normal', `Reason${n}`, 'text');
      await recorder.flushed();
      return client.writes().length;
    };
    expect(await say()).to.equal(25);
    await clock.advance(299_999);
    expect(await say()).to.equal(0);
    await clock.advance(1);
    expect(await say()).to.equal(1);
    recorder.record(aDroplet('shop-web2'), 'Normal', 'Creating', 'asked');
    await recorder.flushed();
    expect(client.writes()).to.have.length(2);
  });

  it('lets nobody notice that the API refuses an Event, and tries again next time', async () => {
    const { client, log, recorder, recorded } = setUp();
    client.failNext('create', new Error('no'));
    recorder.record(web, 'Normal', 'Creating', 'asked');
    await recorder.flushed();
    expect(log.lines).to.have.length(1);
    recorder.record(web, 'Normal', 'Creating', 'asked');
    await recorder.flushed();
    expect(recorded()).to.deep.equal(['Creating: asked (1)']);
  });

  it('holds at most 1000 while the API does not answer', async () => {
    const { recorder, recorded } = setUp();
    for (let n = 0; n < 1200; n++) recorder.record(aDroplet(`web${n}`), 'Normal', 'Creating', 'asked');
    await recorder.flushed();
    expect(recorded()).to.have.length(1000);
  });

  it('cuts a message to what the API takes', async () => {
    const { client, recorder } = setUp();
    recorder.record(web, 'Normal', 'Creating', 'x'.repeat(5000));
    await recorder.flushed();
    expect(client.storedAll(EVENTS)[0]!.message).to.have.length(1000);
  });
});
