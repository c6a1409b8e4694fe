import { expect } from 'chai';
import { pause } from '../../../../../sandbox/hosts/docker/plug-in.ts';
import { HostError } from '../../../../../sandbox/hosts/driver.ts';
import { rejection } from '../../../../fakes/rejection.ts';

const BUSY =
  'docker pause failed: Cannot pause container 4dc9: OCI runtime pause failed: unable to freeze: unknown';

/** A docker whose commands fail with these sentences, one after the other, and then succeed. */
function failing(...failures: string[]) {
  const asked: string[] = [];
  return {
    asked,
    async run(args: readonly string[]) {
      asked.push(args.join(' '));
      const failure = failures.shift();
      if (failure !== undefined) throw new HostError(failure);
      return '';
    },
    find: async () => undefined,
  };
}

describe('holding a container still', () => {
  it('is tried again while some of its processes escape', async () => {
    const docker = failing(BUSY, BUSY);
    await pause(docker, 'web1');
    expect(docker.asked).to.deep.equal(['pause web1', 'pause web1', 'pause web1']);
  });

  it('ends with what Docker says when they always do', async () => {
    const docker = failing(...Array.from({ length: 100 }, () => BUSY));
    expect((await rejection(pause(docker, 'web1'))).message).to.equal(BUSY);
    expect(docker.asked).to.have.length(10);
  });

  it('is not tried again when it failed for another reason', async () => {
    const docker = failing('docker pause failed: no such container');
    expect((await rejection(pause(docker, 'web1'))).message).to.contain('no such container');
    expect(docker.asked).to.have.length(1);
  });
});
