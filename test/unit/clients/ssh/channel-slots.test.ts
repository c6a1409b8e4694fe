import { expect } from 'chai';
import { createChannelSlots } from '../../../../clients/ssh/channel-slots.ts';
import { rejection } from '../../../fakes/rejection.ts';

describe('The slots of a connection', () => {
  const never = (): void => undefined;

  it('are given first come, first served, and never more than there are', async () => {
    const slots = createChannelSlots(2, never);
    const order: string[] = [];
    const releases = await Promise.all([slots.take(), slots.take()]);
    const third = slots.take().then(release => (order.push('third'), release));
    const fourth = slots.take().then(release => (order.push('fourth'), release));
    expect(slots.inUse).to.equal(2);
    releases[0]();
    (await third)();
    await fourth;
    expect(order).to.deep.equal(['third', 'fourth']);
    expect(slots.inUse).to.equal(2);
  });

  it('are given back once, however often that is said', async () => {
    const slots = createChannelSlots(1, never);
    const release = await slots.take();
    release();
    release();
    await slots.take();
    expect(slots.inUse).to.equal(1);
  });

  it('are not given to who has left the queue', async () => {
    const slots = createChannelSlots(1, never);
    const release = await slots.take();
    const leaving = new AbortController();
    const left = slots.take(leaving.signal);
    const next = slots.take();
    leaving.abort(new Error('not wanted any more'));
    expect((await rejection(left)).message).to.equal('not wanted any more');
    release();
    await next;
    expect(slots.inUse).to.equal(1);
  });

  it('become as few as the host takes, but one', async () => {
    const slots = createChannelSlots(8, never);
    const releases = await Promise.all([slots.take(), slots.take(), slots.take()]);
    releases[2]();
    slots.shrink();
    const third = slots.take();
    releases[0]();
    await third;
    expect(slots.inUse, 'two at a time').to.equal(2);
    releases[1]();
    (await third)();
    slots.shrink();
    await slots.take();
    expect(slots.inUse).to.equal(1);
  });

  it('tell when the last one is given back', async () => {
    let idle = 0;
    const slots = createChannelSlots(2, () => void idle++);
    const [first, second] = await Promise.all([slots.take(), slots.take()]);
    first();
    expect(idle).to.equal(0);
    second();
    expect(idle).to.equal(1);
  });
});
