import { expect } from 'chai';
import { systemClock } from '../../../clients/clock.ts';
import { fingerprintOfLine } from '../../../clients/ssh/fingerprint.ts';
import { createSshPool } from '../../../clients/ssh/pool.ts';
import type { SshHost, SshPool } from '../../../clients/ssh/ssh.ts';
import {
  createProber,
  PROBE_TIMEOUT_MS,
  type Prober,
  type Reply,
} from '../../../reconcilers/monitor/probe.ts';
import type { HostSpec } from '../../../sandbox/hosts/driver.ts';
import { aHost } from '../../builders/hosts.ts';
import { fakeClock, type FakeClock } from '../../fakes/clock.ts';
import { openEmulatedWorld, type EmulatedWorld } from '../sandbox/emulated/world.ts';

const never = new AbortController().signal;

// The network is real as far as SSH goes; only the time that a probe has is simulated, so that nobody waits for it.
describe('A look from one host at another, over SSH', () => {
  let world: EmulatedWorld;
  let pool: SshPool;
  let observer: SshHost;
  let clock: FakeClock;
  let prober: Prober;
  const [master, web, other] = [1, 2, 3].map(machine) as [HostSpec, HostSpec, HostSpec];
  const place = (host: HostSpec, port = world.driver.sshPort) => ({
    address: host.addresses.private,
    ports: [port],
  });

  before(async () => {
    world = await openEmulatedWorld();
    for (const host of [master, web, other])
      await world.driver.converge({ ...host, authorizedKeys: [world.publicKey] }, never);
    const { stdout } = await world.ssh(master, ['cat /etc/ssh/ssh_host_ed25519_key.pub']);
    pool = createSshPool({ clock: systemClock, random: Math.random });
    observer = pool.host({
      address: master.addresses.public,
      port: world.driver.sshPort,
      user: 'root',
      privateKey: { reveal: () => world.privateKey },
      hostKeys: [fingerprintOfLine(stdout)],
    });
    await observer.hostKey();
  });
  after(async () => {
    pool.close();
    await world.close();
  });
  beforeEach(() => {
    clock = fakeClock();
    prober = createProber(clock, world.driver.sshPort);
  });
  afterEach(async () => {
    for (const { id } of [master, web, other]) await world.driver.clearFaults(id);
  });

  /** The reply, when the answer has had all the time that it may take. */
  async function looked(host: HostSpec): Promise<Reply> {
    const reply = prober.look(observer, place(host), never);
    // Other answers come over the same connection meanwhile, and later than this one would have.
    for (let turn = 0; turn < 2; turn++) await observer.run(['true']);
    await clock.advance(PROBE_TIMEOUT_MS);
    return await reply;
  }
  const isConnected = async (references: HostSpec[]): Promise<boolean> => {
    const answer = prober.isConnected(
      observer,
      references.map(host => place(host)),
      never,
    );
    await observer.run(['true']);
    await clock.advance(PROBE_TIMEOUT_MS);
    return await answer;
  };

  it('finds one that answers, without waiting', async () => {
    expect(await prober.look(observer, place(web), never)).to.equal('answered');
  });

  it('takes a refusal for a sign of life', async () => {
    expect(await prober.look(observer, place(web, 4_444), never)).to.equal('answered');
  });

  it('hears nothing of one that died, and still reaches the others', async () => {
    await world.driver.setFault(web.id, { type: 'crash' });
    expect(await looked(web)).to.equal('silent');
    expect(await isConnected([web, other])).to.equal(true);
    expect(await isConnected([web])).to.equal(false);
  });

  it('hears nothing of one that is frozen, though its kernel takes connections', async () => {
    await world.driver.setFault(web.id, { type: 'freeze' });
    expect(await looked(web)).to.equal('silent');
    expect(await isConnected([web])).to.equal(false);
  });

  it('hears nothing of one that it is cut off from, while the other still hears it', async () => {
    await world.driver.setFault(web.id, { type: 'cut', peer: master.id });
    expect(await looked(web)).to.equal('silent');
    expect(await looked(other)).to.equal('answered');
  });

  it('knows that it hears nobody when the network of its own host is gone', async () => {
    for (const { id } of [web, other]) await world.driver.setFault(id, { type: 'cut', peer: master.id });
    expect(await looked(web)).to.equal('silent');
    expect(await isConnected([other])).to.equal(false);
    expect(await isConnected([])).to.equal(true);
  });
});

function machine(id: number): HostSpec {
  const { addresses } = aHost();
  return aHost({
    id,
    name: `shop-${id}`,
    addresses: { ...addresses, public: `127.18.0.${100 + id}`, private: `10.116.0.${100 + id}` },
  });
}
