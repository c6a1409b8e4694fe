import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeAtomically } from '../../../config/files.ts';
import { loadConfiguration } from '../../../config/load.ts';
import { ConfigurationError, formatProblems } from '../../../config/problems.ts';
import { writeMissing } from '../../../config/templates.ts';

let folder: string;
const inFolder = (name: string): string => join(folder, name);
const makeFolder = async (): Promise<void> => void (folder = await mkdtemp(join(tmpdir(), 'dropfleet-')));
const removeFolder = (): Promise<void> => rm(folder, { recursive: true });

describe('writing a file as a whole or not at all', () => {
  beforeEach(makeFolder);
  afterEach(removeFolder);

  it('keeps its mode whatever the umask, and gives a new one the mode that was asked for', async () => {
    await writeFile(inFolder('old'), 'a');
    await chmod(inFolder('old'), 0o666);
    await writeAtomically(inFolder('old'), 'b', { mode: 0o600 });
    await writeAtomically(inFolder('new'), 'b', { mode: 0o600 });
    expect((await stat(inFolder('old'))).mode & 0o777).to.equal(0o666);
    expect((await stat(inFolder('new'))).mode & 0o777).to.equal(0o600);
    expect(await readFile(inFolder('old'), 'utf8')).to.equal('b');
  });

  it('leaves it to its owner when root writes', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    await writeFile(inFolder('file'), 'a');
    await chown(inFolder('file'), 1234, 1235);
    await writeAtomically(inFolder('file'), 'b');
    expect(await stat(inFolder('file'))).to.include({ uid: 1234, gid: 1235 });
  });

  it('puts a new file in its place, so that an open reader sees the old text to its end', async () => {
    await writeFile(inFolder('file'), 'old');
    const before = await stat(inFolder('file'));
    await writeAtomically(inFolder('file'), 'new');
    expect((await stat(inFolder('file'))).ino).not.to.equal(before.ino);
  });

  it('leaves a symbolic link one and replaces what it leads to', async () => {
    await writeFile(inFolder('target'), 'a');
    await symlink('target', inFolder('link'));
    await writeAtomically(inFolder('link'), 'b');
    expect(await readlink(inFolder('link'))).to.equal('target');
    expect(await readFile(inFolder('target'), 'utf8')).to.equal('b');
  });

  it('says why it failed, and leaves no draft behind', async () => {
    await mkdir(inFolder('file'));
    const failure = await writeAtomically(inFolder('file'), 'b').catch((error: Error) => error);
    expect(failure).to.be.instanceOf(ConfigurationError);
    expect((failure as Error).message).to.match(
      /file could not be written and is as it was: it is a folder$/,
    );
    expect(await readdir(folder)).to.deep.equal(['file']);
    const nowhere = await writeAtomically('/nowhere/file', 'b').catch((error: Error) => error);
    expect((nowhere as Error).message).to.contain('there is no such file or folder');
  });
});

describe('the files that init writes', () => {
  beforeEach(makeFolder);
  afterEach(removeFolder);

  it('are valid as they stand', async () => {
    await writeMissing(inFolder('config'), folder);
    const source = { env: {}, envFile: inFolder('.env.example') };
    const configuration = await loadConfiguration(inFolder('config'), source);
    expect(formatProblems(configuration.problems)).to.equal('');
    expect(configuration.rows.map(({ project, servers }) => [project, servers])).to.deep.equal([
      ['hostomatic', 3],
      ['digitalpixo', 1],
      ['mynewproject', 2],
    ]);
    expect(configuration.deployment?.services).to.have.length(2);
  });

  it('start containers with nothing of a person until somebody takes an example in', async () => {
    await writeMissing(inFolder('config'), folder);
    const read = async () => {
      const { deployment, problems } = await loadConfiguration(inFolder('config'), { env: {} });
      expect(formatProblems(problems)).to.equal('');
      return deployment!.services;
    };
    for (const { runOptions } of await read()) expect(runOptions).to.equal(undefined);
    const path = inFolder('templates/docker/run.json');
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll(/^( *)\/\/ (?=")(.*)$/gm, '$1$2'));
    for (const { runOptions } of await read()) expect(Object.keys(runOptions!)).to.have.length(12);
  });

  it('tell nobody anything until somebody fills in the recipients', async () => {
    await writeMissing(inFolder('config'), folder);
    const { email, sms, webhook, settings } = await loadConfiguration(inFolder('config'), { env: {} });
    expect([email, sms, webhook, settings.token]).to.deep.equal([undefined, undefined, undefined, undefined]);
  });

  it('are valid too once their comments are taken in', async () => {
    await writeMissing(inFolder('config'), folder);
    for (const name of [
      'deployment_config.json',
      'email_config.json',
      'sms_config.json',
      'webhook_config.json',
    ]) {
      const text = await readFile(inFolder(`config/${name}`), 'utf8');
      await writeFile(inFolder(`config/${name}`), text.replaceAll(/^( *)\/\/ (?=")(.*)$/gm, '$1$2'));
    }
    const example = await readFile(inFolder('.env.example'), 'utf8');
    await writeFile(inFolder('.env'), example.replaceAll(/^#(?=[A-Z_]+=)/gm, ''));
    const source = { env: {}, envFile: inFolder('.env') };
    const { problems, deployment, email, sms, webhook, settings } = await loadConfiguration(
      inFolder('config'),
      source,
    );
    expect(formatProblems(problems)).to.equal('');
    expect(deployment!.services.filter(({ type }) => type === 'infra')).to.have.length(4);
    expect(email!.recipients).to.have.length(1);
    expect(sms!.recipients).to.have.length(1);
    expect(webhook!.address).to.deep.equal({ variable: 'WEBHOOK_URL' });
    expect(settings.additionalIps).to.have.length(2);
  });

  it('are only those that are missing', async () => {
    await mkdir(inFolder('config'));
    await writeFile(inFolder('config/projects.csv'), 'mine');
    const written = await writeMissing(inFolder('config'), folder);
    expect(written).to.deep.equal([
      inFolder('config/deployment_config.json'),
      inFolder('config/email_config.json'),
      inFolder('config/sms_config.json'),
      inFolder('config/webhook_config.json'),
      inFolder('templates/docker/run.json'),
      inFolder('.env.example'),
    ]);
    expect(await readFile(inFolder('config/projects.csv'), 'utf8')).to.equal('mine');
    expect(await writeMissing(inFolder('config'), folder)).to.deep.equal([]);
  });
});

describe('loading the configuration', () => {
  beforeEach(makeFolder);
  afterEach(removeFolder);

  it('needs projects.csv only', async () => {
    await writeFile(inFolder('projects.csv'), 'Project,Servers\nshop,3\n');
    const { rows, deployment, problems } = await loadConfiguration(folder, { env: {} });
    expect(problems).to.deep.equal([]);
    expect(rows).to.have.length(1);
    expect(deployment).to.equal(undefined);
  });

  it('tells the mistakes of all files and of the environment at once', async () => {
    await writeFile(inFolder('deployment_config.json'), '{}');
    await writeFile(inFolder('email_config.json'), '{');
    await writeFile(inFolder('sms_config.json'), '[]');
    const { problems } = await loadConfiguration(folder, { env: { ADMIN_IP: 'x' } });
    expect(problems.map(({ file }) => file.replace(`${folder}/`, ''))).to.deep.equal([
      'projects.csv',
      'deployment_config.json',
      'email_config.json',
      'sms_config.json',
      'environment',
    ]);
  });
});
