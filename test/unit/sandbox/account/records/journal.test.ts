import { expect } from 'chai';
import * as fc from 'fast-check';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StateFileError, openJournal, readJournal } from '../../../../../sandbox/account/records/journal.ts';
import { createState, type Change, type State } from '../../../../../sandbox/account/records/state.ts';
import {
  TEST_BOOT_MS,
  dropletBody,
  startTestSandbox,
  type TestSandbox,
} from '../../../../builders/sandbox.ts';
import { propertyOptions } from '../../../../fakes/property-options.ts';
import { rejection } from '../../../../fakes/rejection.ts';

describe("the sandbox's state file", () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sandbox-'));
    file = join(directory, 'state.jsonl');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('brings droplets, keys of numbers and the running clock of actions through a restart', async () => {
    const first = await startTestSandbox({ stateFile: file });
    const { body } = await first.send('POST', '/v2/droplets', dropletBody({ tags: ['fleet'] }));
    await first.sandbox.close();
    const second = await startTestSandbox({ stateFile: file }, first.now() + TEST_BOOT_MS);
    const list = await second.send('GET', '/v2/droplets?tag_name=fleet');
    expect(list.body.droplets).to.have.length(1);
    expect(list.body.droplets[0]).to.include({ id: body.droplet.id, status: 'active' });
    const next = await second.send('POST', '/v2/droplets', dropletBody());
    expect(next.body.droplet.id).to.be.greaterThan(body.droplet.id);
    await second.sandbox.close();
  });

  it('is of one account for as long as it is kept, and of another when it starts over', async () => {
    const accountOf = async (stateFile?: string): Promise<{ uuid: string; team: { uuid: string } }> => {
      const test = await startTestSandbox(stateFile === undefined ? {} : { stateFile });
      const { account } = await test.read('/v2/account');
      await test.sandbox.close();
      return account;
    };
    // As it was written before there were accounts.
    writeFileSync(file, '{"dropfleetSandbox":1}\n[["tags","web",{"name":"web"}]]\n');
    const first = await accountOf(file);
    expect(first.uuid).to.match(/^[0-9a-f]{32}$/);
    expect(await accountOf(file)).to.deep.equal(first);
    rmSync(file);
    const others = [await accountOf(file), await accountOf(), await accountOf()];
    const uuids = [first, ...others].flatMap(({ uuid, team }) => [uuid, team.uuid]);
    expect(new Set(uuids)).to.have.property('size', uuids.length);
  });

  it('holds everything that was answered when the process is killed', async function () {
    this.timeout(10_000);
    const child = fork(fileURLToPath(import.meta.resolve('./killed-sandbox.ts')), [file], {
      stdio: 'ignore',
    });
    const answered: number[] = [];
    child.on('message', id => {
      answered.push(id as number);
      if (answered.length === 20) child.kill('SIGKILL');
    });
    await once(child, 'exit');
    const test = await startTestSandbox({ stateFile: file });
    const { body } = await test.send('GET', '/v2/droplets?per_page=200');
    const kept = body.droplets.map((droplet: { id: number }) => droplet.id);
    expect(answered.length).to.be.at.least(20);
    expect(kept).to.include.members(answered);
    await test.sandbox.close();
  });

  it('is refused when it is damaged, with its name and the way out, and is left as it was', async () => {
    for (const text of [
      '',
      'not a state\n',
      '{"dropfleetSandbox":1}\n[["droplets",\n[]\n',
      '{"dropfleetSandbox":2}\n',
    ]) {
      writeFileSync(file, text);
      const error = await rejection(startTestSandbox({ stateFile: file }));
      expect(error, text).to.be.instanceOf(StateFileError);
      expect(error.message).to.include(file).and.include('to start afresh');
      expect(readFileSync(file, 'utf8')).to.equal(text);
      expect(readdirSync(directory), 'nothing is left beside it').to.deep.equal(['state.jsonl']);
    }
  });

  it('is refused while another process has it', async () => {
    writeFileSync(`${file}.lock`, `${process.ppid}\n`);
    const error = await rejection(startTestSandbox({ stateFile: file }));
    expect(error).to.be.instanceOf(StateFileError);
    expect(error.message).to.include(`in use by process ${process.ppid}`);
  });

  it('is readable by its owner only, and leaves no lock behind', async () => {
    const test = await startTestSandbox({ stateFile: file });
    await test.sandbox.close();
    expect(readdirSync(directory)).to.deep.equal(['state.jsonl']);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it('is not written by reading', async () => {
    const test = await startTestSandbox({ stateFile: file });
    await test.send('POST', '/v2/tags', { name: 'web' });
    const before = readFileSync(file, 'utf8');
    await Promise.all(['droplets', 'tags', 'images'].map(what => test.send('GET', `/v2/${what}`)));
    expect(readFileSync(file, 'utf8')).to.equal(before);
    await test.sandbox.close();
  });

  it('holds a prefix of the transactions wherever it is cut off, and all that were flushed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(transaction, { maxLength: 12 }),
        fc.integer({ min: 0, max: 1000 }),
        async (work, permille) => {
          const states = await writeAll(file, work);
          const bytes = readFileSync(file);
          const header = bytes.indexOf('\n') + 1;
          writeFileSync(
            file,
            bytes.subarray(0, header + Math.floor(((bytes.length - header) * permille) / 1000)),
          );
          expect(states).to.deep.include(contents(await readJournal(file)));
          writeFileSync(file, bytes);
          expect(contents(await readJournal(file))).to.deep.equal(states.at(-1));
        },
      ),
      propertyOptions(60),
    );
  });

  it('is left alone once it is closed, by requests that are still under way too', async () => {
    const state: State = createState([], changes => journal.append(changes));
    const journal = await openJournal(file, () => state.snapshot());
    await journal.close();
    const before = readFileSync(file, 'utf8');
    for (let i = 0; i < 10_001; i += 1) state.transaction(() => state.put('tags', 'late', { name: 'late' }));
    expect((await rejection(journal.flushed())).message).to.include('closed');
    expect(readFileSync(file, 'utf8')).to.equal(before);
  });

  it('holds the same after it grew so long that it was rewritten', async () => {
    const state: State = createState([], changes => journal.append(changes));
    const journal = await openJournal(file, () => state.snapshot());
    state.transaction(() => state.put('tags', 'old', { name: 'never written again' }));
    for (let i = 0; i < 25_000; i += 1) {
      state.transaction(() => state.put('tags', String(i % 10), { name: `tag${i}` }));
      if (i % 50 === 0) await journal.flushed();
    }
    await journal.close();
    expect(contents(await readJournal(file))).to.deep.equal(sorted(state.snapshot()));
    expect(readFileSync(file, 'utf8').split('\n').length).to.be.lessThan(10_100);
  });
});

describe("the sandbox's state file, where there is no room for a second one", () => {
  let directory: string;
  beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'sandbox-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  it('grows on, and is rewritten when there is', async () => {
    const file = join(directory, 'state.jsonl');
    const state: State = createState([], changes => journal.append(changes));
    const journal = await openJournal(file, () => state.snapshot());
    const write = async (count: number): Promise<number> => {
      for (let i = 0; i < count; i += 1) state.transaction(() => state.put('tags', 'a', { name: `tag${i}` }));
      await journal.flushed();
      return readFileSync(file, 'utf8').split('\n').length;
    };
    // In the way of the file that would take its place.
    mkdirSync(`${file}.new`);
    expect(await write(10_001)).to.be.greaterThan(10_000);
    rmSync(`${file}.new`, { recursive: true });
    expect(await write(10_001)).to.be.lessThan(10);
    await journal.close();
    expect(contents(await readJournal(file))).to.deep.equal(sorted(state.snapshot()));
  });
});

const transaction = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.option(fc.string())), {
  minLength: 1,
  maxLength: 4,
});

type Transaction = [id: string, name: string | null][];

/** Writes each transaction as one; returns what the state held before the first and after each. */
async function writeAll(file: string, work: Transaction[]): Promise<Change[][]> {
  rmSync(file, { force: true });
  const state: State = createState([], changes => journal.append(changes));
  const journal = await openJournal(file, () => state.snapshot());
  const states = [sorted(state.snapshot())];
  for (const changes of work) {
    state.transaction(() => {
      for (const [id, name] of changes)
        if (name === null) state.remove('tags', id);
        else state.put('tags', id, { name });
    });
    states.push(sorted(state.snapshot()));
  }
  await journal.close();
  return states;
}

const contents = (changes: Change[]): Change[] => sorted(createState(changes, () => undefined).snapshot());

const sorted = (changes: Change[]): Change[] => changes.toSorted((a, b) => (a[1] < b[1] ? -1 : 1));

describe("the sandbox's transactions", () => {
  let test: TestSandbox;
  afterEach(() => test.sandbox.close());

  it('leave nothing behind when the request is refused half-way', async () => {
    test = await startTestSandbox();
    const { body } = await test.send('POST', '/v2/droplets', dropletBody());
    await test.send('POST', '/v2/tags', { name: 'web' });
    const resources = [
      { resource_id: String(body.droplet.id), resource_type: 'droplet' },
      { resource_id: '1', resource_type: 'droplet' },
    ];
    expect((await test.send('POST', '/v2/tags/web/resources', { resources })).status).to.equal(404);
    const { droplet } = (await test.send('GET', `/v2/droplets/${body.droplet.id}`)).body;
    expect(droplet.tags).to.deep.equal([]);
  });
});
