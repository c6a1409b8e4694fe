import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Parts, Setup } from '../../../controllers/concern.ts';
import { secrets, type WatchedVariables } from '../../../controllers/secrets.ts';
import type { SecretSource } from '../../../reconcilers/secrets/source.ts';
import { fakeLogger } from '../../fakes/logger.ts';

describe('The .env file of an operator', () => {
  let folder: string;
  let envFile: string;
  let files: NonNullable<Parts['files']>;
  let fault: string | undefined;
  let happened: PromiseWithResolvers<'changed' | 'reread'>;
  const log = fakeLogger();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dropfleet-env-'));
    envFile = join(folder, '.env');
    fault = undefined;
    happened = Promise.withResolvers();
    const secretVariables: WatchedVariables = {
      envFile,
      sourceOf: () => undefined,
      valueOf: () => undefined,
      reread() {
        if (fault !== undefined) queueMicrotask(() => happened.resolve('reread'));
        return fault;
      },
    };
    const source: Pick<SecretSource, 'variablesChanged'> = {
      variablesChanged: () => happened.resolve('changed'),
    };
    const setup = { context: { secrets: source }, options: { secretVariables }, log };
    files = secrets.setup(setup as unknown as Setup<typeof secrets.declares>).files ?? [];
    await Promise.all(files.map(file => file.ready()));
  });
  afterEach(async () => {
    await Promise.all(files.map(file => file.close()));
    await rm(folder, { recursive: true });
  });

  it('is followed while it runs, from when it is first written', async () => {
    await writeFile(envFile, 'A=1\n');
    expect(await happened.promise).to.equal('changed');
  });

  it('tells nobody of a change to what cannot be read, and says why it is not followed', async () => {
    fault = '.env:1:3: this quote is not closed';
    await writeFile(envFile, 'A="1\n');
    expect(await happened.promise).to.equal('reread');
    expect(log.lines.map(({ message }) => message).join()).to.include('not followed until it is right');
  });
});
