import { expect } from 'chai';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WorkQueue } from '../../../standalone/work-queue.ts';

describe('The queue of the work between requests', () => {
  let version: number;
  let done: string[];
  let queue: WorkQueue;

  /** Each piece takes two steps, with a write after the first if that is told. */
  const open = (isWritten: boolean): void => {
    const store = {
      get version() {
        return version;
      },
    };
    queue = new WorkQueue(store, function* (key) {
      version += isWritten ? 1 : 0;
      done.push(`${key} begun`);
      yield;
      done.push(key);
    });
  };
  beforeEach(() => {
    version = 0;
    done = [];
  });
  afterEach(() => queue.close());

  it('begins nothing in the call that adds it', () => {
    open(false);
    queue.add('a');
    expect(done).to.deep.equal([]);
  });

  it('ends a turn with a write, and goes on from there in the next', async () => {
    open(true);
    queue.add('a');
    queue.add('b');
    const turns: string[][] = [];
    while (done.length < 4) {
      const before = done.length;
      await nextTurn();
      turns.push(done.slice(before));
    }
    expect(turns).to.deep.equal([['a begun'], ['a', 'b begun'], ['b']]);
  });

  it('looks at much in a turn, but not at everything', async () => {
    open(false);
    const keys = Array.from({ length: 1_000 }, (_, i) => `k${i}`);
    for (const key of keys) queue.add(key);
    let turns = 0;
    for (; done.length < 2 * keys.length; turns += 1) await nextTurn();
    expect(turns).to.be.within(2, 100);
    expect(done.filter(key => !key.endsWith('begun'))).to.deep.equal(keys);
  });

  it('does once what is added twice before it begins, and again what is added meanwhile', async () => {
    open(true);
    queue.add('a');
    queue.add('a');
    await nextTurn();
    queue.add('b');
    queue.add('a');
    while (done.length < 6) await nextTurn();
    await nextTurn();
    expect(done).to.deep.equal(['a begun', 'a', 'b begun', 'b', 'a begun', 'a']);
  });

  it('does nothing more once it is closed', async () => {
    open(true);
    queue.add('a');
    queue.add('b');
    await nextTurn();
    queue.close();
    await nextTurn();
    expect(done).to.deep.equal(['a begun']);
  });
});
