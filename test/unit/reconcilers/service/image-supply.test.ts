import { expect } from 'chai';
import { GitError, type GitFailureReason } from '../../../../clients/git/errors.ts';
import type { Git } from '../../../../clients/git/git.ts';
import type { ServiceDeploymentSpec } from '../../../../crds/service-deployment.ts';
import type { SshHost } from '../../../../clients/ssh/ssh.ts';
import { createImages } from '../../../../reconcilers/service/image-supply.ts';
import type { WantedImage } from '../../../../reconcilers/service/images.ts';
import { aServiceDeployment } from '../../../builders/objects.ts';
import { rejection } from '../../../fakes/rejection.ts';

const IMAGE = `sha256:${'a'.repeat(64)}`;
const signal = new AbortController().signal;

/** A host that ends every command with that code, and the names of those that it was given. */
function aHost(codeOf: (name: string) => number = () => 0) {
  const commands: string[] = [];
  const run = (argv: readonly string[]) => {
    commands.push(argv[5]!);
    return Promise.resolve({ code: codeOf(argv[5]!), stdout: '', stderr: 'it failed' });
  };
  return { commands, ssh: { run } as unknown as SshHost };
}

/** Images of a project whose master and webs are those hosts. */
function images(master: ReturnType<typeof aHost>, spec: Partial<ServiceDeploymentSpec> = {}) {
  const none = () => Promise.reject(new Error('nothing is built'));
  const supply = createImages({ builder: { ensureBuilt: none }, git: undefined as never });
  const service = aServiceDeployment('shop-prod-api', {}, { spec });
  const at = { ssh: master.ssh, address: '10.0.0.2' };
  const wanted: WantedImage = { service, services: [service], version: 'v1', engine: 'docker', master: at };
  return (web: ReturnType<typeof aHost>, address: string) =>
    supply.bring(wanted, IMAGE, { ssh: web.ssh, address }, signal);
}

describe('Images on their way to servers', () => {
  it('go to the registry once, however many webs and services ask at the same time', async () => {
    const [master, web] = [aHost(), aHost()];
    const bring = images(master);
    await Promise.all([bring(web, '10.0.0.3'), bring(web, '10.0.0.4'), bring(web, '10.0.0.5')]);
    expect(master.commands).to.deep.equal(['dropfleet-publish']);
    expect(web.commands).to.deep.equal(Array(3).fill('dropfleet-pull'));
  });

  it('go there again when the registry has lost them', async () => {
    const codes = [1, 0];
    const [master, web] = [aHost(), aHost(() => codes.shift()!)];
    const bring = images(master);
    expect(await rejection(bring(web, '10.0.0.3'))).to.be.an('error');
    await bring(web, '10.0.0.3');
    expect(master.commands).to.deep.equal(['dropfleet-publish', 'dropfleet-publish']);
  });

  it('are asked of nobody by a server that has them, though a new master never had them', async () => {
    const [master, web, empty] = [aHost(() => 66), aHost(), aHost(() => 1)];
    const bring = images(master);
    await bring(web, '10.0.0.3');
    const error = await rejection(bring(empty, '10.0.0.4'));
    expect(error)
      .to.have.property('message')
      .that.matches(/^the master has the image .* no more/);
    expect(web.commands).to.deep.equal(['dropfleet-pull']);
  });

  it('need no registry on the master itself', async () => {
    const master = aHost();
    await images(master)(master, '10.0.0.2');
    expect(master.commands).to.deep.equal(['dropfleet-pull']);
  });

  it('are fetched by a master anew that were published elsewhere, as it may be another than before', async () => {
    const master = aHost();
    const error = await rejection(images(master, { image: 'redis:7' })(master, '10.0.0.2'));
    expect(master.commands).to.deep.equal(['dropfleet-pull-published']);
    expect(error.message).to.match(/^cannot pull redis:7/);
  });
});

describe('The source of an image', () => {
  /** What is said when git fails for that reason. */
  const ensure = (reason: GitFailureReason) => {
    const resolve = () => Promise.reject(new GitError(reason, 'cannot read it'));
    const none = () => Promise.reject(new Error('nothing is built'));
    const supply = createImages({ builder: { ensureBuilt: none }, git: { resolve } as unknown as Git });
    const service = aServiceDeployment(
      'shop-prod-api',
      {},
      { spec: { source: { git: { url: 'u', ref: 'main' } } } },
    );
    const master = { ssh: aHost().ssh, address: '10.0.0.2' };
    return supply.ensure({ service, services: [service], version: 'v1', engine: 'docker', master }, signal);
  };

  it('is asked for again where its repository is only out of reach, and says so', async () => {
    for (const reason of ['Unreachable', 'TimedOut'] as const)
      expect(await ensure(reason)).to.deep.equal({
        state: 'pending',
        reason: 'SourceUnavailable',
        message: 'cannot read it; tried again every 30 s',
        afterMs: 30_000,
      });
  });

  it('is left alone where a person has to act', async () => {
    for (const reason of ['RepositoryNotFound', 'CredentialsNeeded', 'UnknownRef'] as const)
      expect(await ensure(reason)).to.include({ state: 'failed', reason: 'SourceUnavailable' });
  });
});

describe('A published image of a private registry', () => {
  const token = 's3cret-token';
  const image = 'registry.example.com/shop:v1';

  /** What came of it when the host answers like that, and what the host was told. */
  async function ensure(answer: { code: number; stdout?: string; stderr?: string }) {
    const calls: { argv: readonly string[]; stdin: unknown }[] = [];
    const run: SshHost['run'] = (argv, { stdin } = {}) => {
      calls.push({ argv, stdin });
      return Promise.resolve({ stdout: '', stderr: '', stdoutBytes: Buffer.of(), ...answer });
    };
    const none = () => Promise.reject(new Error('nothing is built'));
    const supply = createImages({ builder: { ensureBuilt: none }, git: undefined as never });
    const service = aServiceDeployment('shop-prod-api', {}, { spec: { image } });
    const login = { username: 'ci', password: { reveal: () => token } };
    const master = { ssh: { run } as SshHost, address: '10.0.0.2' };
    const wanted: WantedImage = {
      service,
      services: [service],
      version: 'v1',
      engine: 'docker',
      login,
      master,
    };
    const state = await supply.ensure(wanted, signal).catch((error: Error) => error.message);
    return { state, calls };
  }

  it('is fetched by its login, of which the password goes by standard input alone', async () => {
    const { state, calls } = await ensure({ code: 0, stdout: `image\t${IMAGE}\n` });
    expect(state).to.deep.equal({ state: 'ready', image: IMAGE });
    expect(calls[0]!.argv.slice(-3)).to.deep.equal(['', 'registry.example.com', 'ci']);
    expect(calls[0]!.stdin).to.equal(token);
    expect(JSON.stringify(calls[0]!.argv)).to.not.contain(token);
  });

  it('says that its login is refused, which is no matter of trying again, and never shows it', async () => {
    const { state } = await ensure({ code: 77, stderr: `unauthorized: ${token}` });
    expect(state).to.include({ state: 'failed', reason: 'ImageLoginRefused' });
    expect(JSON.stringify(state))
      .to.contain('registry.example.com/shop:v1 refuses ci: unauthorized: ***')
      .and.not.contain(token);
    expect((await ensure({ code: 1, stderr: 'no route' })).state).to.match(/^cannot pull .*no route/);
  });
});
