import { expect } from 'chai';
import { startSandbox, type Sandbox } from '../../../sandbox/server.ts';
import { openDockerDroplets, USER_DATA, type DockerDroplets } from '../../environment/docker-droplets.ts';

/** As much of a droplet as these tests need. */
interface Droplet {
  readonly id: number;
  readonly name: string;
  readonly publicIp: string;
  readonly privateIp: string;
}

interface DropletView {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  readonly networks: { readonly v4: readonly { readonly ip_address: string; readonly type: string }[] };
}

interface Reply {
  readonly droplet: DropletView;
  readonly droplets: readonly DropletView[];
  readonly action: { readonly id: number; readonly status: string };
  readonly snapshots: readonly { readonly id: number; readonly size_gigabytes: number }[];
  readonly firewall: { readonly id: string };
  readonly ssh_key: { readonly id: number };
  readonly message?: string;
}

const FIREWALL = {
  name: 'closed',
  inbound_rules: [{ protocol: 'tcp', ports: '22', sources: { addresses: ['0.0.0.0/0'] } }],
  outbound_rules: [{ protocol: 'tcp', ports: 'all', destinations: { addresses: ['0.0.0.0/0'] } }],
};

describe('the sandbox with docker hosts', () => {
  let machines: DockerDroplets;
  let sandbox: Sandbox;
  let droplets: readonly Droplet[];
  const problems: string[] = [];

  before(async function () {
    this.timeout(600_000); // the image may have to be built
    machines = await openDockerDroplets();
    sandbox = await startSandbox({
      port: 0,
      bootDelayMs: 100,
      limits: { perHour: 1e6, perMinute: 1e6 },
      hosts: machines.hosts,
      onProblem: message => problems.push(message),
    });
  });
  after(async () => {
    await sandbox?.close();
    await machines?.end();
  });

  async function call(method: string, path: string, body?: unknown): Promise<Reply> {
    const response = await fetch(`${sandbox.url}${path}`, {
      method,
      headers: { authorization: 'Bearer any', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    expect(response.status, `${method} ${path}: ${text}`).to.be.below(300);
    return (text === '' ? {} : JSON.parse(text)) as Reply;
  }

  /** Carries an action out, and resolves when it has succeeded. */
  async function act(droplet: Droplet, action: object): Promise<void> {
    const { id } = (await call('POST', `/v2/droplets/${droplet.id}/actions`, action)).action;
    await until(async () => {
      const { status } = (await call('GET', `/v2/actions/${id}`)).action;
      expect(status).not.to.equal('errored', problems.join('\n'));
      return status === 'completed';
    });
  }

  const ssh = (droplet: Droplet, command: string): Promise<string> =>
    machines.ssh(reachedAt(machines, droplet.publicIp), command);
  const connects = (from: Droplet, to: Droplet): Promise<boolean> =>
    machines.succeeds(
      reachedAt(machines, from.publicIp),
      `curl -s -o /dev/null -m 2 http://${to.privateIp}/`,
    );

  it('has three droplets up, with cloud-init finished and SSH answering', async () => {
    const [public_key] = machines.spec(1).authorizedKeys;
    const key = (await call('POST', '/v2/account/keys', { name: 'test', public_key })).ssh_key.id;
    const start = performance.now();
    await call('POST', '/v2/droplets', {
      names: ['shop-master', 'shop-web1', 'shop-web2'],
      region: 'nyc3',
      size: 's-1vcpu-1gb',
      image: 'debian-12-x64',
      ssh_keys: [key],
      user_data: USER_DATA,
    });
    const list = async (): Promise<readonly DropletView[]> => (await call('GET', '/v2/droplets')).droplets;
    await until(async () => (await list()).every(({ status }) => status === 'active'));
    droplets = (await list()).map(dropletOf);
    const names = droplets.map(droplet =>
      ssh(droplet, 'cloud-init status --wait >/dev/null && cat /root/first-boot'),
    );
    expect(await Promise.all(names)).to.deep.equal(droplets.map(({ name }) => name));
    console.log(`      three droplets: ${((performance.now() - start) / 1_000).toFixed(1)} s`);
  });

  it('brings a deleted file back by a rebuild from a snapshot', async () => {
    const [droplet] = droplets as [Droplet];
    await ssh(droplet, 'echo precious >/root/file');
    await act(droplet, { type: 'snapshot', name: 'before' });
    const [snapshot] = (await call('GET', `/v2/droplets/${droplet.id}/snapshots`)).snapshots;
    expect(snapshot!.size_gigabytes).to.be.within(0.5, 5);
    await ssh(droplet, 'rm /root/file');
    await act(droplet, { type: 'rebuild', image: snapshot!.id });
    expect(await ssh(droplet, 'cat /root/file')).to.equal('precious');
  });

  it('lets another droplet connect only while a rule of the firewall allows it', async () => {
    const [one, two] = droplets as [Droplet, Droplet];
    expect(await connects(two, one)).to.equal(true);
    const { id } = (await call('POST', '/v2/firewalls', { ...FIREWALL, droplet_ids: [one.id] })).firewall;
    await sandbox.hosts!.settled();
    expect(await connects(two, one)).to.equal(false);

    const rule = { protocol: 'tcp', ports: '80', sources: { droplet_ids: [two.id] } };
    await call('POST', `/v2/firewalls/${id}/rules`, { inbound_rules: [rule] });
    await sandbox.hosts!.settled();
    expect(await connects(two, one)).to.equal(true);

    await call('DELETE', `/v2/firewalls/${id}/rules`, { inbound_rules: [rule] });
    await sandbox.hosts!.settled();
    expect(await connects(two, one)).to.equal(false);
    await call('DELETE', `/v2/firewalls/${id}`);
    await sandbox.hosts!.settled();
    expect(await connects(two, one)).to.equal(true);
  });

  it('loses the part of the packets that it is told to', async () => {
    const [one, two] = droplets as [Droplet, Droplet];
    const lost = async (): Promise<number> => {
      const text = await ssh(two, `ping -q -c 60 -i 0.01 -W 1 ${one.privateIp} || true`);
      return Number(/([\d.]+)% packet loss/.exec(text)![1]);
    };
    expect(await lost()).to.equal(0);
    await call('PUT', `/sandbox/hosts/${one.id}/faults`, { type: 'loss', percent: 40 });
    expect(await lost()).to.be.within(15, 65);
    await call('DELETE', `/sandbox/hosts/${one.id}/faults`);
    expect(await lost()).to.equal(0);
  });

  it('powers a droplet off and on, and cycles it', async () => {
    const droplet = droplets[2]!;
    await act(droplet, { type: 'power_off' });
    expect(await machines.succeeds(reachedAt(machines, droplet.publicIp), 'true')).to.equal(false);
    await act(droplet, { type: 'power_on' });
    await act(droplet, { type: 'power_cycle' });
    expect(await ssh(droplet, 'hostname')).to.equal(droplet.name);
  });

  it('leaves no machine of a droplet that is deleted, and had no problem all along', async () => {
    for (const { id } of droplets) await call('DELETE', `/v2/droplets/${id}`);
    await until(async () => (await machines.hosts.inventory()).hosts.length === 0);
    expect(problems).to.deep.equal([]);
  });
});

const dropletOf = ({ id, name, networks }: DropletView): Droplet => {
  const addressOf = (type: string): string => networks.v4.find(network => network.type === type)!.ip_address;
  return { id, name, publicIp: addressOf('public'), privateIp: addressOf('private') };
};

const reachedAt = (machines: DockerDroplets, address: string): ReturnType<DockerDroplets['spec']> => {
  const spec = machines.spec(1);
  return { ...spec, addresses: { ...spec.addresses, public: address } };
};

/** Asks again and again, as a client of the API must; the test's own timeout ends it. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(resolve => setTimeout(resolve, 500));
}
