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

  it('talks with a person at a terminal', async () => {
    const { stdout, code } = await world.ssh(aHost(), ['-tt'], 'cd /etc\rx=3\rhosX\x7f\rpwd\rexit $x\r');
    expect(stdout).to.contain('root@shop-web1:/root# cd /etc\r\n').and.contain('hos: command not found');
    expect(stdout).to.contain('pwd\r\n/etc\r\n');
    expect(code).to.equal(3);
  });

  it('takes a script as its input', async () => {
    const ran = await world.ssh(aHost(), [], 'echo "from $0"\nexit 4\n');
    expect(ran).to.deep.equal({ code: 4, stdout: 'from /bin/bash\n', stderr: '' });
  });

  it('takes and gives large content whole', async () => {
    const content = Array.from({ length: 200_000 }, (_, line) => `line ${line}`).join('\n');
    const ran = await world.ssh(aHost(), ['cat >/root/large; wc -c </root/large; cat /root/large'], content);
    expect(ran.stdout === `${content.length}\n${content}`).to.equal(true);
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
