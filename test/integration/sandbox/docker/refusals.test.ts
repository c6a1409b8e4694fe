import { expect } from 'chai';
import { openDockerHosts } from '../../../../sandbox/hosts/docker/hosts.ts';
import type { BuildArguments } from '../../../../sandbox/hosts/docker/image.ts';
import { labelled } from '../../../environment/docker-droplets.ts';

const SANDBOX = 'test-refusals';

/** The sentence that hosts are refused with. */
async function refusal(buildArguments: BuildArguments = {}): Promise<string> {
  try {
    await openDockerHosts({ sandbox: SANDBOX, onProgress: () => undefined, buildArguments });
  } catch (error) {
    expect(error).to.have.property('name', 'HostError');
    return (error as Error).message;
  }
  throw new Error('hosts were not refused');
}

async function withEnvironment<T>(name: string, value: string, work: () => Promise<T>): Promise<T> {
  const before = process.env[name];
  process.env[name] = value;
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}

describe('a refusal of docker hosts, in a sentence, comes', () => {
  it('where the daemon is away', async () => {
    expect(await withEnvironment('DOCKER_HOST', 'unix:///nowhere/docker.sock', refusal)).to.equal(
      'The Docker daemon does not answer; start it, or use emulated hosts (--hosts emulated).',
    );
  });

  it('where there is no Docker', async () => {
    expect(await withEnvironment('PATH', '/nowhere', refusal)).to.equal(
      'Docker is not installed; install it, or use emulated hosts (--hosts emulated).',
    );
  });

  it('where the image has no base', async () => {
    const sentence = await refusal({ BASE: 'localhost:1/no-such-base' });
    expect(sentence).to.match(
      /^The droplets' image cannot be built on localhost:1\/no-such-base by .*\/docker\/image\/Dockerfile: ./,
    );
    expect(sentence).not.to.include('\n');
  });

  it('without anything left behind', async () => {
    expect(await labelled(SANDBOX)).to.deep.equal([]);
  });
});
