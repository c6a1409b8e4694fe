import { expect } from 'chai';
import {
  createLineSplitter,
  createLogReader,
  lastOf,
  mergeByTime,
  parseLogLine,
  showLogLine,
  sinceCursor,
} from '../../../../cli/show/log-lines.ts';

const stamped = (fraction: string, text: string): string => `2026-01-31T12:00:00.${fraction}Z ${text}`;

async function* each<T>(...items: T[]): AsyncGenerator<T, void> {
  for (const item of items) yield await Promise.resolve(item);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of items) taken.push(item);
  return taken;
}

describe('a line of a log', () => {
  it('is read with its time to the nanosecond, in the forms of docker and podman', () => {
    const docker = parseLogLine('2026-01-31T12:00:00.123456789Z  two  spaces');
    const podman = parseLogLine('2026-01-31T13:00:00.12345678+01:00 x')!;
    expect(docker).to.deep.include({ at: 1769860800123456789n, text: ' two  spaces' });
    expect(podman.at).to.equal(1769860800123456780n);
    expect(parseLogLine('2026-01-31T12:00:00Z')).to.deep.include({ at: 1769860800000000000n, text: '' });
  });

  it('without a time belongs to the one before, and nowhere where none was before', () => {
    const reader = createLogReader(undefined);
    expect(reader.read('Error: No such container')).to.equal(undefined);
    const first = reader.read(stamped('5', 'a'))!;
    expect(reader.read('more')).to.deep.equal({ ...first, text: 'more' });
  });

  it('is whole whatever pieces it comes in, also where a character is cut', () => {
    const splitter = createLineSplitter();
    const bytes = Buffer.from('grüße\r\nb\nrest');
    const pieces = Array.from(bytes, byte => Buffer.from([byte]));
    expect(pieces.flatMap(piece => splitter.push(piece))).to.deep.equal(['grüße', 'b']);
    expect(splitter.end()).to.deep.equal(['rest']);
    expect(splitter.end()).to.deep.equal([]);
  });

  it('that never ends is given out in parts', () => {
    const splitter = createLineSplitter();
    const part = Buffer.alloc(1024 * 1024 + 1, 'x');
    expect(splitter.push(part)).to.have.length(1);
    expect(splitter.push(Buffer.from('y\n'))).to.deep.equal(['y']);
  });
});

describe('reading a log on', () => {
  it('leaves out what was read before, and nothing else, also of one instant', () => {
    const lines = [stamped('1', 'a'), stamped('2', 'b'), stamped('2', 'c')];
    const first = createLogReader(undefined);
    for (const line of lines) first.read(line);
    const from = first.cursor()!;
    expect(from.count).to.equal(2);
    const again = createLogReader(from);
    const more = [...lines, stamped('2', 'd'), stamped('3', 'e')];
    expect(more.flatMap(line => again.read(line)?.text ?? [])).to.deep.equal(['d', 'e']);
    expect(again.cursor()).to.deep.equal({ at: parseLogLine(stamped('3', ''))!.at, count: 1 });
    const third = createLogReader(again.cursor());
    expect(more.flatMap(line => third.read(line)?.text ?? [])).to.deep.equal([]);
  });

  it('goes on counting the lines of an instant over two breaks', () => {
    const lines = ['a', 'b', 'c'].map(text => stamped('2', text));
    const first = createLogReader(undefined);
    first.read(lines[0]!);
    const second = createLogReader(first.cursor());
    for (const line of lines.slice(0, 2)) second.read(line);
    const third = createLogReader(second.cursor());
    expect(lines.flatMap(line => third.read(line)?.text ?? [])).to.deep.equal(['c']);
  });

  it('asks from a second earlier on', () => {
    expect(sinceCursor({ at: 1769860800123456789n, count: 1 })).to.equal('1769860799');
  });
});

describe('several logs as one', () => {
  it('are in order of time, oldest first, and those of one instant in order of servers', async () => {
    const line = (at: number, text: string) => ({ at: BigInt(at), text });
    const merged = mergeByTime([
      each(line(1, 'a1'), line(4, 'a4')),
      each<ReturnType<typeof line>>(),
      each(line(2, 'b2'), line(4, 'b4'), line(5, 'b5')),
    ]);
    expect((await all(merged)).map(({ text }) => text)).to.deep.equal(['a1', 'b2', 'a4', 'b4', 'b5']);
  });

  it('end with the last so many', async () => {
    const numbers = Array.from({ length: 1_000 }, (_, i) => i);
    expect(await all(lastOf(each(...numbers), 3))).to.deep.equal([997, 998, 999]);
    expect(await all(lastOf(each(1, 2), 0))).to.deep.equal([]);
    expect(await all(lastOf(each(1, 2), 5))).to.deep.equal([1, 2]);
  });
});

describe('a line as it is shown', () => {
  const style = { width: 6, hasColor: false, isTerminal: true, hasTime: false };
  const line = { time: '2026-01-31T12:00:00Z', text: '\u001b[31mred\u001b[0m\tand \u001b[2Jcleared\u009b' };

  it('obeys nothing on a terminal, and is as it was elsewhere', () => {
    expect(showLogLine('web1', line, style)).to.equal('web1   | red\tand \\u001b[2Jcleared\\u009b');
    const shown = showLogLine('web1', line, { ...style, isTerminal: false });
    expect(shown).to.equal(`web1   | ${line.text}`);
  });

  it('has its time and the colour of its server where they are wanted', () => {
    const plain = { ...line, text: 'x' };
    expect(showLogLine('master', plain, { ...style, hasTime: true })).to.equal(
      'master | 2026-01-31T12:00:00Z x',
    );
    const names = ['web1', 'web2'].map(name => showLogLine(name, plain, { ...style, hasColor: true }));
    expect(names[0]).to.equal('\u001b[33mweb1   |\u001b[0m x');
    expect(names[1]).to.match(/^\u001b\[32m/); // oxlint-disable-line no-control-regex
  });
});
