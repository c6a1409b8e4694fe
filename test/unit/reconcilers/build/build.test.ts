import { expect } from 'chai';
import { createBuilder } from '../../../../reconcilers/build/build.ts';
import type { BuildHost } from '../../../../reconcilers/build/host.ts';
import type { BuildRequest } from '../../../../reconcilers/build/request.ts';
import { rejection } from '../../../fakes/rejection.ts';

const REQUEST: BuildRequest = {
  engine: 'podman',
  project: 'shop',
  key: '0123456789ab',
  attempt: 'v1',
  containerfile: 'Dockerfile',
  context: '.',
  labels: { 'dropfleet.project': 'shop' },
};
const NOTHING = 'disk\t9000000\t0\nend\n';
const RUNNING = 'running\ndisk\t9000000\t0\nend\n';
const signal = new AbortController().signal;
const archive = (text: string) => ({
  async *open() {
    yield Buffer.from(text);
  },
});

/** A host that answers looks with these, in turn, and takes sources as `take` says. */
function fakeHost(looks: string[], take: () => Promise<number> = () => Promise.resolve(0)) {
  const received: string[] = [];
  const begun: string[][] = [];
  const host: BuildHost = {
    async run(argv, { stdin = '' }) {
      if (argv[5] === 'dropfleet-build-status') return { code: 0, stdout: looks.shift()!, stderr: '' };
      expect(argv[5]).to.equal('dropfleet-build-begin');
      begun.push(argv.slice(6));
      let text = '';
      for await (const chunk of stdin) text += Buffer.from(chunk).toString();
      received.push(text);
      return { code: await take(), stdout: '', stderr: '' };
    },
  };
  return { host, received, begun };
}

/** A clock whose time comes at once, or never. */
const clock = (isImpatient = false) => ({
  after(_ms: number, callback: () => void) {
    if (isImpatient) setImmediate(callback);
    return () => undefined;
  },
});

describe('A builder', () => {
  it('sends a source with its end once, and then only looks', async () => {
    const { host, received, begun } = fakeHost([NOTHING, RUNNING, RUNNING]);
    const builder = createBuilder(clock());
    expect((await builder.ensureBuilt(host, REQUEST, archive('tar'), signal)).state).to.equal('building');
    expect((await builder.ensureBuilt(host, REQUEST, archive('tar'), signal)).state).to.equal('building');
    expect(received).to.deep.equal(['tardropfleet-end-0123456789ab']);
    expect(begun[0]!.at(-1)).to.equal('dropfleet.project=shop');
  });

  it('opens no source for what is built', async () => {
    const image = `sha256:${'a'.repeat(64)}`;
    const { host } = fakeHost([`image\t${image}\n${NOTHING}`]);
    const source = {
      open(): never {
        throw new Error('opened');
      },
    };
    const state = await createBuilder(clock()).ensureBuilt(host, REQUEST, source, signal);
    expect(state).to.deep.equal({ state: 'built', image });
  });

  it('does not wait for a source that takes long, nor sends it twice meanwhile', async () => {
    const arrived = Promise.withResolvers<number>();
    const { host, received } = fakeHost([NOTHING, RUNNING], () => arrived.promise);
    const builder = createBuilder(clock(true));
    for (let call = 0; call < 2; call++)
      expect(await builder.ensureBuilt(host, REQUEST, archive('tar'), signal)).to.include({
        message: 'sending the source to the master',
      });
    arrived.resolve(0);
    await arrived.promise;
    expect(received).to.have.length(1);
  });

  it('waits no longer for a source that is being sent when it is stopped', async () => {
    const arrived = Promise.withResolvers<number>();
    const stop = new AbortController();
    const begun = Promise.withResolvers<number>();
    const take = (): Promise<number> => {
      begun.resolve(0);
      return arrived.promise;
    };
    const { host } = fakeHost([NOTHING], take);
    const waiting = createBuilder(clock()).ensureBuilt(host, REQUEST, archive('tar'), stop.signal);
    await begun.promise;
    stop.abort(new Error('stopped by SIGTERM'));
    expect((await rejection(waiting)).message).to.equal('stopped by SIGTERM');
    arrived.resolve(0);
  });

  it('sends again what was cut off', async () => {
    const codes = [65, 0];
    const { host, received } = fakeHost([NOTHING, NOTHING, RUNNING], () => Promise.resolve(codes.shift()!));
    const builder = createBuilder(clock());
    const error = await rejection(builder.ensureBuilt(host, REQUEST, archive('tar'), signal));
    expect(error.message).to.equal('the source did not arrive in full on the master');
    await builder.ensureBuilt(host, REQUEST, archive('tar'), signal);
    expect(received).to.have.length(2);
  });

  it('passes on why a source could not be read, and tries again', async () => {
    const { host } = fakeHost([NOTHING, NOTHING, RUNNING]);
    const builder = createBuilder(clock());
    const source = {
      open(): never {
        throw new Error('no such tag');
      },
    };
    expect((await rejection(builder.ensureBuilt(host, REQUEST, source, signal))).message).to.equal(
      'no such tag',
    );
    expect((await builder.ensureBuilt(host, REQUEST, archive('tar'), signal)).state).to.equal('building');
  });

  it('sends nothing where the source was sent before, and says so when it is gone', async () => {
    const { host, received, begun } = fakeHost([NOTHING], () => Promise.resolve(66));
    const tree = 'a'.repeat(40);
    const state = await createBuilder(clock()).ensureBuilt(host, REQUEST, { tree }, signal);
    expect(state).to.deep.include({ state: 'failed', reason: 'NoSource' });
    expect(received).to.deep.equal(['']);
    expect(begun[0]).to.include(tree);
  });

  it('says what the host said when it cannot be looked at', async () => {
    const { host } = fakeHost(['']);
    const error = await rejection(createBuilder(clock()).ensureBuilt(host, REQUEST, archive('t'), signal));
    expect(error.message).to.match(/^cannot look at the build/);
  });
});
