import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createFeed, type Feed } from '../../../../controllers/page/feed.ts';
import { fakeClock, type FakeClock } from '../../../fakes/clock.ts';

/** A response that keeps what is written, and drains when it is told to. */
class Viewer extends EventEmitter {
  readonly fleets: string[] = [];
  beats = 0;
  writableNeedDrain = false;

  write(text: string): boolean {
    if (text.startsWith('event: now\n')) this.beats++;
    else this.fleets.push(/^event: fleet\ndata: (.*)\n\n$/.exec(text)![1]!);
    return true;
  }

  drain(): void {
    this.writableNeedDrain = false;
    this.emit('drain');
  }

  get response(): ServerResponse {
    return this as unknown as ServerResponse;
  }
}

describe('The feed of the page', () => {
  let clock: FakeClock;
  let feed: Feed;
  let now: string;
  let reads: number;
  let audience: boolean[];
  let errors: unknown[];

  beforeEach(() => {
    clock = fakeClock();
    now = '1';
    reads = 0;
    audience = [];
    const read = (): string => {
      reads++;
      if (now === 'broken') throw new Error('no');
      return now;
    };
    errors = [];
    const onError = (error: unknown): void => void errors.push(error);
    feed = createFeed({ read, onError, clock, onAudience: isThere => void audience.push(isThere) });
  });

  async function join(): Promise<Viewer> {
    const viewer = new Viewer();
    expect(feed.join(viewer.response)).to.equal(true);
    await clock.advance(0);
    return viewer;
  }
  async function change(to: string): Promise<void> {
    now = to;
    feed.changed();
    await clock.advance(500);
  }

  it('does nothing at all while nobody looks', async () => {
    await change('2');
    await clock.advance(3_600_000);
    expect([reads, clock.pending(), audience.length]).to.deep.equal([0, 0, 0]);
  });

  it('tells what there is at once, and what changes within half a second together', async () => {
    const viewer = await join();
    expect(viewer.fleets).to.deep.equal(['1']);
    now = '2';
    feed.changed();
    await clock.advance(499);
    now = '3';
    feed.changed();
    await clock.advance(1);
    expect(viewer.fleets).to.deep.equal(['1', '3']);
  });

  it('says nothing when it is as it was', async () => {
    const viewer = await join();
    await change('1');
    expect(viewer.fleets).to.deep.equal(['1']);
  });

  it('keeps what was known when it cannot be read, says why, and goes on after that', async () => {
    const viewer = await join();
    await change('broken');
    await change('2');
    expect(viewer.fleets).to.deep.equal(['1', '2']);
    expect(errors.map(String)).to.deep.equal(['Error: no']);
  });

  it('skips for who is slow what is old by the time he has read', async () => {
    const [slow, other] = [await join(), await join()];
    slow.writableNeedDrain = true;
    await change('2');
    await change('3');
    expect(slow.fleets).to.deep.equal(['1']);
    slow.drain();
    expect(slow.fleets).to.deep.equal(['1', '3']);
    expect(other.fleets).to.deep.equal(['1', '2', '3']);
  });

  it('shows who comes when all had gone what there is now, not what was', async () => {
    (await join()).emit('close');
    now = '2';
    expect((await join()).fleets).to.deep.equal(['2']);
  });

  it('lives through every proxy, and holds nothing once the last has gone', async () => {
    const [one, other] = [await join(), await join()];
    await clock.advance(60_000);
    expect(one.beats).to.equal(4);
    one.emit('close');
    expect(audience).to.deep.equal([true]);
    other.emit('close');
    expect(audience).to.deep.equal([true, false]);
    expect(clock.pending()).to.equal(0);
  });

  it('takes fifty and no more', async () => {
    for (let n = 0; n < 50; n++) await join();
    expect(feed.join(new Viewer().response)).to.equal(false);
  });
});
