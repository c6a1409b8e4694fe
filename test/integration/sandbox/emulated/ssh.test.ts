import { expect } from 'chai';
import { aHost } from '../../../builders/hosts.ts';
import { openEmulatedWorld, type EmulatedWorld } from './world.ts';

describe('An emulated host, for the OpenSSH client', () => {
  let world: EmulatedWorld;
  const converge = (changes = {}): Promise<void> =>
    world.driver.converge(
      aHost({ authorizedKeys: [world.publicKey], ...changes }),
      new AbortController().signal,
    );

  before(async () => {
    world = await openEmulatedWorld();
    await converge();
  });
  after(() => world.close());

  it('runs a command and passes its output and exit status on', async () => {
    const ran = await world.ssh(aHost(), ['echo "hello $USER"; exit 3']);
    expect(ran).to.deep.equal({ code: 3, stdout: 'hello root\n', stderr: '' });
  });

  it('gives a command what comes from standard input', async () => {
    const ran = await world.ssh(aHost(), ['while read -r line; do echo "<$line>"; done'], 'one\ntwo\n');
    expect(ran.stdout).to.equal('<one>\n<two>\n');
  });

  it('says loudly that it has no such command', async () => {
    const ran = await world.ssh(aHost(), ['kubectl get pods']);
    expect(ran.code).to.equal(127);
    expect(ran.stderr).to.contain('kubectl').and.contain('emulated host');
  });

  it('lets nobody in whose key it was not given', async () => {
    await converge({ id: 2, authorizedKeys: [], addresses: { ...aHost().addresses, public: '127.18.0.3' } });
    const ran = await world.ssh(aHost({ addresses: { ...aHost().addresses, public: '127.18.0.3' } }), [
      'true',
    ]);
    expect(ran.code).to.equal(255);
    expect(ran.stderr).to.contain('Permission denied');
  });
});
