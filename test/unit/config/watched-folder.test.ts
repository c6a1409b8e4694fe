import { expect } from 'chai';
import { once, EventEmitter } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { watchFolder, type WatchedFolder } from '../../../config/watched-folder.ts';

describe('A folder that is watched', () => {
  let parent: string;
  let folder: WatchedFolder;
  const heard = new EventEmitter();
  const problems: unknown[] = [];

  before(async () => {
    parent = await mkdtemp(join(tmpdir(), 'dropfleet-watch-'));
    folder = watchFolder(join(parent, 'templates'), 2, error => problems.push(error));
    folder.subscribe(() => heard.emit('change'));
    await folder.ready();
  });
  after(async () => {
    await folder.close();
    await rm(parent, { recursive: true });
  });

  it('need not be there, and tells of a file deep in it once it is', async () => {
    await mkdir(join(parent, 'templates/shop/docker'), { recursive: true });
    await once(heard, 'change');
    // The folders themselves may be told of before anything stands in them.
    const path = join(parent, 'templates/shop/docker/run.json');
    await writeFile(path, '{}');
    for (let told = 0, edits = 0; told < 2; told += 1) {
      const change = once(heard, 'change').then(() => true);
      // Two edits within 5 ms are told of as one, which may have been before this one.
      do await writeFile(path, `{} // ${(edits += 1)}`);
      while (!(await Promise.race([change, setTimeout(20, false)])));
    }
    expect(problems).to.deep.equal([]);
  });
});
