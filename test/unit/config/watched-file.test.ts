import { expect } from 'chai';
import { EventEmitter, once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchFile, type WatchedFile } from '../../../config/watched-file.ts';

describe('A file whose folder the system does not watch', () => {
  let folder: string;
  let file: WatchedFile;
  const heard = new EventEmitter();
  const problems: unknown[] = [];
  const path = (name: string): string => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dropfleet-watch-'));
    await writeFile(path('projects.csv'), 'one');
    const watcher = Object.assign(new EventEmitter(), { close: () => Promise.resolve() });
    file = watchFile(
      path('projects.csv'),
      error => problems.push(error),
      () => watcher as never,
    );
    file.subscribe(() => heard.emit('change'));
    for (const what of ['projects.csv', 'infrastructure.json'])
      watcher.emit('error', new Error(`EMFILE: too many open files, watch '${what}'`));
  });
  after(async () => {
    await file.close();
    await rm(folder, { recursive: true });
  });

  it('says so once', () => {
    expect(problems).to.have.length(1);
  });

  it('is noticed to change all the same, also when another takes its place', async () => {
    const change = once(heard, 'change');
    // The first look, which begins at some time of its own, is what the later ones are compared with.
    let edits = 0;
    const editor = setInterval(() => {
      writeFileSync(path('draft'), `edit ${(edits += 1)}`);
      renameSync(path('draft'), path('projects.csv'));
    }, 100);
    await change.finally(() => clearInterval(editor));
    expect(await file.read()).to.include({ text: `edit ${edits}` });
  });
});
