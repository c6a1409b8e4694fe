import { expect } from 'chai';
import { whenFree } from '../../../cli/world/embedded.ts';
import { DatabaseInUse } from '../../../standalone/database.ts';
import { rejection } from '../../fakes/rejection.ts';

describe('A command that waits for another one to finish', () => {
  const inUse = () => Promise.reject(new DatabaseInUse('standalone.db', 'it is in use', ''));

  it('ends its wait when it is stopped, and says once what it waits for', async () => {
    const stop = new AbortController();
    const said: string[] = [];
    const remarks = { write: (text: string) => (said.push(text), stop.abort(new Error('stopped'))) };
    const waiting = whenFree({ patienceMs: 600_000, remarks, signal: stop.signal }, inUse);
    expect((await rejection(waiting)).message).to.equal('stopped');
    expect(said).to.deep.equal(['Waiting for another dropfleet command to finish.\n']);
  });

  it('waits for nothing else', async () => {
    const broken = () => Promise.reject(new Error('no space left'));
    expect((await rejection(whenFree({ patienceMs: 600_000 }, broken))).message).to.equal('no space left');
  });
});
