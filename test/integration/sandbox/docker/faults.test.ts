import { expect } from 'chai';
import { openDockerDroplets, type DockerDroplets } from '../../../environment/docker-droplets.ts';
import type { HostSpec } from '../../../../sandbox/hosts/driver.ts';

const FOREVER = new AbortController().signal;

describe('faults of docker hosts', () => {
  let droplets: DockerDroplets;
  let [one, two]: HostSpec[] = [];
  before(async function () {
    this.timeout(600_000); // the image may have to be built
    droplets = await openDockerDroplets();
    one = droplets.spec(1);
    two = droplets.spec(2);
    await Promise.all([one, two].map(spec => droplets.hosts.converge(spec, FOREVER)));
  });
  after(() => droplets.end());
  afterEach(() => droplets.hosts.clearFaults(1));

  /** Pings the first machine from the second; resolves with the percent that was lost and the mean time in ms. */
  async function ping(count: number): Promise<{ lost: number; ms: number }> {
    const text = await droplets.ssh(
      two!,
      `ping -q -c ${count} -i 0.02 -W 2 ${one!.addresses.private} || true`,
    );
    const lost = /([\d.]+)% packet loss/.exec(text)![1];
    return { lost: Number(lost), ms: Number(/= [\d.]+\/([\d.]+)\//.exec(text)?.[1]) };
  }

  it('crash: the machine stays off, whatever is converged or reopened, until it is cleared', async () => {
    await droplets.ssh(one!, 'touch /run/before');
    await droplets.hosts.setFault(1, { type: 'crash' });
    await droplets.hosts.converge(one!, FOREVER);
    await droplets.reopen();
    await droplets.hosts.converge(one!, FOREVER);
    expect(await droplets.succeeds(one!, 'true')).to.equal(false);
    await droplets.hosts.converge(two!, FOREVER);
    await droplets.hosts.clearFaults(1);
    expect(await droplets.ssh(one!, 'ls /run/before 2>/dev/null || echo anew')).to.equal('anew');
  });

  it('crash: power off and on brings the machine back', async () => {
    await droplets.hosts.setFault(1, { type: 'crash' });
    await droplets.hosts.converge({ ...one!, power: 'off' }, FOREVER);
    await droplets.hosts.converge(one!, FOREVER);
    expect(await droplets.ssh(one!, 'hostname')).to.equal('web1');
  });

  it('freeze: nothing runs, and the network answers', async () => {
    await droplets.hosts.setFault(1, { type: 'freeze' });
    expect(await ping(2)).to.have.property('lost', 0);
    expect(await droplets.succeeds(two!, `curl -s -m 2 http://${one!.addresses.public}/`)).to.equal(false);
    await droplets.hosts.converge(one!, FOREVER);
    await droplets.hosts.clearFaults(1);
    expect(await droplets.succeeds(two!, `curl -s -m 5 http://${one!.addresses.public}/`)).to.equal(true);
  });

  it('freeze: a restart ends it', async () => {
    await droplets.hosts.setFault(1, { type: 'freeze' });
    await droplets.hosts.restart(one!, 'hard');
    expect(await droplets.ssh(one!, 'hostname')).to.equal('web1');
  });

  it('cut: nothing passes between the machine and its peer, and all others reach it', async () => {
    await droplets.hosts.setFault(1, { type: 'cut', peer: 2 });
    expect(await ping(2)).to.have.property('lost', 100);
    expect(await droplets.ssh(one!, 'hostname')).to.equal('web1');
    await droplets.hosts.setFault(1, { type: 'cut', peer: 'operator' });
    expect(await ping(2)).to.have.property('lost', 0);
    expect(await droplets.succeeds(one!, 'true')).to.equal(false);
    await droplets.hosts.setFault(1, { type: 'cut' });
    expect(await ping(2)).to.have.property('lost', 100);
    await droplets.hosts.clearFaults(1);
    expect(await droplets.ssh(one!, 'hostname')).to.equal('web1');
    expect(await ping(2)).to.have.property('lost', 0);
  });

  it('loss: about that part of the packets is lost, also after a restart', async () => {
    expect(await ping(100)).to.have.property('lost', 0);
    await droplets.hosts.setFault(1, { type: 'loss', percent: 50 });
    expect((await ping(200)).lost).to.be.within(25, 75);
    await droplets.hosts.restart(one!, 'hard');
    expect((await ping(200)).lost).to.be.within(25, 75);
    await droplets.hosts.clearFaults(1);
    expect(await ping(100)).to.have.property('lost', 0);
  });

  it('delay: what comes in takes so much longer, and TCP works', async () => {
    await droplets.hosts.setFault(1, { type: 'delay', ms: 200 });
    expect((await ping(10)).ms).to.be.within(200, 1000);
    const time = await droplets.ssh(
      two!,
      `curl -s -o /dev/null -w '%{time_connect}' http://${one!.addresses.public}/`,
    );
    expect(Number(time)).to.be.at.least(0.2);
    await droplets.ssh(one!, 'head -c 3000000 /dev/urandom >/var/www/html/large');
    const sums = [
      droplets.ssh(two!, `curl -s http://${one!.addresses.public}/large | sha256sum`),
      droplets.ssh(one!, 'sha256sum </var/www/html/large'),
    ];
    expect(new Set(await Promise.all(sums)).size).to.equal(1);
    await droplets.hosts.clearFaults(1);
    expect((await ping(10)).ms).to.be.below(200);
  });

  it('disk-full: not a byte can be written, also after a restart, and nothing shows that takes the room', async () => {
    await droplets.hosts.setFault(1, { type: 'disk-full' });
    const write = 'head -c 100000 /dev/zero >/root/more 2>&1; sync';
    expect(
      await droplets.ssh(one!, `${write}; stat -c %s /root/more; df --output=pcent / | tail -n 1`),
    ).to.match(/^0\n\s*100%$/m);
    await droplets.hosts.restart(one!, 'hard');
    // A boot frees a block or two.
    expect(Number(await droplets.ssh(one!, 'df --output=avail / | tail -n 1'))).to.be.below(100);
    await droplets.hosts.clearFaults(1);
    expect(await droplets.ssh(one!, `${write}; stat -c %s /root/more`)).to.equal('100000');
  });

  it('clock-skew: is refused in a sentence that says why', async () => {
    const failure = await droplets.hosts
      .setFault(1, { type: 'clock-skew', ms: 1000 })
      .catch((error: unknown) => error);
    expect(failure).to.have.property('name', 'HostError');
    expect(failure)
      .to.have.property('message')
      .that.matches(/one clock.*emulated/);
  });
});
