import { expect } from 'chai';
import {
  MAKE_TINY_IMAGE,
  openDockerDroplets,
  type DockerDroplets,
} from '../../../environment/docker-droplets.ts';
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

  it('crash: is ended alone, and the other faults stay', async () => {
    await droplets.hosts.setFault(1, { type: 'crash' });
    await droplets.hosts.setFault(1, { type: 'loss', percent: 100 });
    await droplets.hosts.setFault(1, { type: 'delay', ms: 1 });
    await droplets.hosts.clearFaults(1, 'crash');
    expect(await ping(2)).to.have.property('lost', 100);
    await droplets.hosts.clearFaults(1, 'loss');
    expect(await droplets.hosts.faultsOf(1)).to.deep.equal([{ type: 'delay', ms: 1 }]);
    expect(await droplets.ssh(one!, 'hostname')).to.equal('web1');
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
    expect(await ping(20)).to.have.property('lost', 0);
    await droplets.hosts.setFault(1, { type: 'loss', percent: 50 });
    expect((await ping(60)).lost).to.be.within(25, 75);
    await droplets.hosts.restart(one!, 'hard');
    expect((await ping(60)).lost).to.be.within(25, 75);
    await droplets.hosts.clearFaults(1);
    expect(await ping(20)).to.have.property('lost', 0);
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

  describe('clock-skew', () => {
    /** How wrong the machine's clock is by that command, in seconds: by this process's own, at its fastest. */
    async function skewBy(command: string): Promise<number> {
      const before = Date.now();
      const reported = 1000 * Number(await droplets.ssh(one!, command));
      return (reported - (before + Date.now()) / 2) / 1000;
    }
    const DATE = 'date +%s.%N';
    const HOUR = 3_600_000;

    it('makes the clock wrong for whoever asks, from the first process on, also after a restart', async () => {
      await droplets.hosts.setFault(1, { type: 'clock-skew', ms: HOUR });
      const pythons = `python3 -c 'import time; print(time.time())'`;
      const systemds = `date +%s.%N -d "$(systemctl show -P ActiveEnterTimestamp skewed)"`;
      await droplets.ssh(one!, 'systemd-run --unit=skewed --remain-after-exit true');
      for (const command of [DATE, pythons, systemds])
        expect(await skewBy(command)).to.be.closeTo(3600, 5, command);
      await droplets.hosts.restart(one!, 'hard');
      expect(await skewBy(DATE)).to.be.closeTo(3600, 5);
    });

    it('is seen at once by programs that run, and over at once', async () => {
      const { addresses } = one!;
      const nginxs = async (): Promise<number> => {
        const { headers } = await fetch(`http://${addresses.public}/`, { headers: { connection: 'close' } });
        return (Date.parse(headers.get('date')!) - Date.now()) / 1000;
      };
      await droplets.hosts.setFault(1, { type: 'clock-skew', ms: -10 * 24 * HOUR });
      expect(await skewBy(DATE)).to.be.closeTo(-864_000, 5);
      expect(await nginxs()).to.be.closeTo(-864_000, 5);
      await droplets.hosts.clearFaults(1);
      expect(await skewBy(DATE)).to.be.closeTo(0, 5);
      expect(await nginxs()).to.be.closeTo(0, 5);
    });

    it('is not seen by programs in Go, nor in containers, which ask the kernel', async () => {
      await droplets.hosts.setFault(1, { type: 'clock-skew', ms: HOUR });
      const dockers = `date +%s.%N -d "$(docker info --format '{{.SystemTime}}')"`;
      await droplets.ssh(
        one!,
        'tar -ch /bin/date /lib/x86_64-linux-gnu/libc.so.6 /lib64 | docker import - date',
      );
      for (const command of [dockers, 'docker run --rm date /bin/date +%s.%N'])
        expect(await skewBy(command)).to.be.closeTo(0, 5, command);
      expect(await skewBy(DATE)).to.be.closeTo(3600, 5);
    });

    for (const ms of [30 * 24 * HOUR, -30 * 24 * HOUR])
      it(`of ${ms / HOUR} hours leaves the host at work, and waiting as long as before`, async () => {
        await droplets.hosts.setFault(1, { type: 'clock-skew', ms });
        const timer = '--on-calendar="$(date -d "+2 seconds" "+%F %T")" --timer-property=AccuracySec=100ms';
        for (const command of [
          'timeout 5 python3 -c "import time; time.sleep(0.1)"',
          `systemd-run --unit=timed ${timer} touch /run/timed`,
          'timeout 20 sh -c "until [ -e /run/timed ]; do sleep 0.2; done"; rm /run/timed',
          'systemctl restart nginx ssh docker && systemctl is-active nginx ssh docker',
          `(${MAKE_TINY_IMAGE}) && docker run --rm tiny /bin/sh -c "echo ran" && docker ps`,
        ])
          expect(await droplets.succeeds(one!, command), command).to.equal(true);
      });
  });
});
