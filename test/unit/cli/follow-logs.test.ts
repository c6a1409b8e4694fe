import { expect } from 'chai';
import { followLogs } from '../../../cli/world/follow-logs.ts';
import type { LogCursor, LogLine } from '../../../cli/show/log-lines.ts';
import type { Container } from '../../../reconcilers/service/facts.ts';
import { ConnectionLost } from '../../../clients/ssh/errors.ts';
import { fakeClock } from '../../fakes/clock.ts';

const container = (name: string, version: string): Container => ({
  service: 'shop-uat-api',
  uid: 'u',
  kind: 'service',
  release: name,
  version,
  state: 'running',
  exitCode: 0,
  restarts: 0,
  image: 'sha256:1',
  name,
});

const LOOK_MS = 3_000;

/** Servers with containers whose logs are followed; each log goes on until it is ended. */
function follow(running: Record<string, Container[]>) {
  const clock = fakeClock();
  const stop = new AbortController();
  const said: string[] = [];
  const from: (bigint | undefined)[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const broken = new Set<string>();
  const done = followLogs({
    clock,
    signal: stop.signal,
    cursors: new Map<string, LogCursor>(),
    servers: () => Promise.resolve(Object.keys(running)),
    running: server =>
      broken.has(server)
        ? Promise.reject(new ConnectionLost('lost'))
        : Promise.resolve([...(running[server] ?? [])]),
    async *read(server, { name }, cursor, signal): AsyncGenerator<LogLine> {
      from.push(cursor.from?.at);
      const at = (cursor.from?.at ?? 0n) + 1n;
      cursor.onCursor({ at, count: 1 });
      yield { at, time: '', text: `${name} ${at}` };
      await new Promise<void>((resolve, reject) => {
        ends.set(`${server}/${name}`, error => (error === undefined ? resolve() : reject(error)));
        signal.addEventListener('abort', () => resolve());
      });
    },
    write: (server, _container, { text }) => Promise.resolve(void said.push(`${server} | ${text}`)),
    tell: line => void said.push(line),
  });
  return { clock, stop, said, from, ends, broken, done };
}

describe('following logs', () => {
  it('follows a container that comes later, and says so, and ends by its signal', async () => {
    const running = { web1: [container('old', 'v1')] };
    const { clock, stop, said, ends, done } = follow(running);
    await clock.advance(0);
    expect(said).to.deep.equal(['web1 | old 1']);
    running.web1 = [container('old', 'v1'), container('new', 'v2')];
    await clock.advance(LOOK_MS);
    expect(said.slice(1)).to.deep.equal(['web1: new (v2) began, and is followed', 'web1 | new 1']);
    running.web1 = [container('new', 'v2')];
    ends.get('web1/old')!();
    await clock.advance(LOOK_MS);
    expect(said.slice(3)).to.deep.equal(['web1: old (v1) has ended']);
    stop.abort();
    await done;
    expect(clock.pending()).to.equal(0);
  });

  it('says once that a server is lost, and goes on where it was when it answers again', async () => {
    const { clock, stop, said, from, ends, broken, done } = follow({ web1: [container('a', 'v1')] });
    await clock.advance(0);
    broken.add('web1');
    ends.get('web1/a')!(new ConnectionLost('lost'));
    await clock.advance(3 * LOOK_MS);
    broken.clear();
    await clock.advance(LOOK_MS);
    expect(said).to.deep.equal([
      'web1 | a 1',
      'web1: the connection was lost; its logs go on when it answers',
      'web1: answers again',
      'web1 | a 2',
    ]);
    expect(from).to.deep.equal([undefined, 1n]);
    stop.abort();
    await done;
  });

  it('follows servers that are added, and none that is gone', async () => {
    const running: Record<string, Container[]> = { web1: [container('a', 'v1')] };
    const { clock, stop, said, done } = follow(running);
    await clock.advance(0);
    running['web2'] = [container('b', 'v1')];
    delete running['web1'];
    await clock.advance(LOOK_MS);
    expect(said.slice(1)).to.deep.equal([
      'web1: nothing of it runs here any more',
      'web2: b (v1) began, and is followed',
      'web2 | b 1',
    ]);
    stop.abort();
    await done;
  });
});
