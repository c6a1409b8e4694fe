import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import {
  openWorkplace,
  runDropfleet,
  startDropfleet,
  startDropfleetOnTerminal,
  type Ending,
  type RunningCommand,
  type Workplace,
} from '../../environment/dropfleet.ts';

const HEADERS = { authorization: 'Bearer any', 'content-type': 'application/json' };

/** A cloud of its own, which outlives whatever is lost of a state directory. */
async function openSandboxCloud() {
  const place = await openWorkplace();
  const process = startDropfleet(
    place,
    'sandbox',
    '--port',
    '0',
    '--boot-delay',
    '200ms',
    '--output',
    'json',
  );
  await process.says(/"sshPort": \d+\s*\}/);
  const { url, sshPort } = JSON.parse(process.output().stdout) as { url: string; sshPort: number };
  const ask = async (path: string, init?: RequestInit) =>
    (await (await fetch(`${url}${path}`, { headers: HEADERS, ...init })).json()) as Record<string, any>; // oxlint-disable-line typescript/no-explicit-any -- of any shape
  return {
    url,
    /** What makes a workplace use it. */
    env: { DIGITALOCEAN_API_URL: url, DO_TOKEN: 'any', DROPFLEET_SSH_PORT: String(sshPort) },
    /** The ids of all droplets, by name. */
    async ids(): Promise<Record<string, number>> {
      const { droplets } = await ask('/v2/droplets?per_page=200');
      return Object.fromEntries(droplets.map(({ id, name }: { id: number; name: string }) => [name, id]));
    },
    async create(name: string, tags: string[] = []): Promise<number> {
      const body = JSON.stringify({
        name,
        tags,
        region: 'nyc3',
        size: 's-1vcpu-1gb',
        image: 'debian-13-x64',
      });
      return (await ask('/v2/droplets', { method: 'POST', body })).droplet.id;
    },
    /** How often droplets were asked for, and destroyed, so far. */
    async changes(): Promise<{ created: number; destroyed: number }> {
      const { counts } = await ask('/sandbox/ledger');
      return { created: counts['droplets.create'] ?? 0, destroyed: counts['droplets.delete'] ?? 0 };
    },
    async close() {
      await process.stop();
      await place.remove();
    },
  };
}

type SandboxCloud = Awaited<ReturnType<typeof openSandboxCloud>>;

const STATE = ['.dropfleet', 'digitalocean'] as const;

// A bad month of one owner: each step finds what the ones before it left.
describe('When state is lost, dropfleet adopt', () => {
  let cloud: SandboxCloud;
  let place: Workplace;
  let daemon: RunningCommand | undefined;
  let servers: Record<string, number>;
  const run = (...args: string[]): Promise<Ending> => runDropfleet(place, ...args);
  const up = (): void => void (daemon = startDropfleet(place, 'up', '--http-port', '0'));
  const down = async (): Promise<void> => void (await daemon?.stop());
  const lose = (...parts: string[]): Promise<void> =>
    rm(place.path(...STATE, ...parts), { recursive: true, force: true });

  before(async () => {
    cloud = await openSandboxCloud();
    place = await openWorkplace(['blog,1,,', 'shop,3,,'], cloud.env);
    up();
    await daemon!.says(/^4 of 4 droplets Ready/m);
    await down();
    servers = await cloud.ids();
  });
  after(async () => {
    await daemon?.stop('SIGKILL');
    await place.remove();
    await cloud.close();
  });

  describe('of the Kubernetes objects', () => {
    it('finds everything held: nothing was bought beside the servers that are there', async () => {
      const changes = await cloud.changes();
      await lose('kubernetes');
      up();
      await daemon!.says(/another Kubernetes API.*"dropfleet adopt" takes them over/s);
      const status = await run('status');
      expect(status.stdout).to.contain('"dropfleet adopt" takes them over');
      expect(status.code).to.equal(1);
      expect(await cloud.ids()).to.deep.equal(servers);
      expect(await cloud.changes()).to.deep.equal(changes);
    });

    it('does nothing where nobody can answer it', async () => {
      const { code, stdout, stderr } = await run('adopt');
      expect(stdout).to.match(/^shop +shop-web2 +web +\d+ +s-1vcpu-1gb +nyc3 +\d+m +127\.\S+ +\$6\.00$/m);
      expect(stderr).to.match(/^dropfleet: no changes made: .* pass --yes to confirm\n$/);
      expect(code).to.equal(1);
    });

    it('asks a person on a terminal, and takes no for an answer', async () => {
      const terminal = startDropfleetOnTerminal(place, { rows: 40, columns: 120 }, 'adopt');
      await terminal.says(/Take over 4 servers\?/);
      terminal.type('no\r');
      expect((await terminal.ended).code).to.equal(1);
      expect((await run('adopt')).stdout).to.match(/^shop +shop-web2 /m);
    });

    it('gives every server back to its Droplet under a running daemon, and all is Ready again', async () => {
      const changes = await cloud.changes();
      const { code, stdout, stderr } = await run('adopt', '--yes', '--accept-host-keys');
      expect(stderr).to.equal('');
      expect(stdout).to.match(/^4 servers taken over\.$/m);
      expect(code).to.equal(0);
      await daemon!.says(/^4 of 4 droplets Ready/m);
      expect(await cloud.ids()).to.deep.equal(servers);
      expect(await cloud.changes()).to.deep.equal(changes);
      expect((await run('adopt')).stdout).to.match(/^Nothing is to be taken over/m);
    });
  });

  describe('of everything but the SSH key, as on a new machine', () => {
    let fleet: string;

    it('finds everything held: the account has a fleet with projects of these names', async () => {
      await down();
      ({ fleet } = await place.json(...STATE, 'fleet.json'));
      const changes = await cloud.changes();
      for (const part of ['kubernetes', 'fleet.json', 'daemon.json']) await lose(part);
      up();
      await daemon!.says(/belong to the fleet (\S+)\. If that is this one, whose state was lost/);
      const { stdout } = await run('status');
      expect(stdout).to.contain(`run "dropfleet adopt --fleet ${fleet}"`);
      expect(await cloud.changes()).to.deep.equal(changes);
    });

    it('is shown the fleet that it may be', async () => {
      const { code, stdout } = await run('adopt');
      expect(stdout).to.contain(`npx dropfleet adopt --fleet ${fleet}`);
      expect(code).to.equal(0);
    });

    it('changes no name under a daemon that runs by another', async () => {
      const { code, stderr } = await run('adopt', '--fleet', fleet, '--yes');
      expect(stderr).to.match(/^dropfleet: dropfleet runs here \(pid \d+\) as the fleet \w+: stop it, /);
      expect(code).to.equal(1);
    });

    it('takes the whole fleet over, by an operator of its own that can buy nothing', async () => {
      await down();
      const changes = await cloud.changes();
      const { code, stdout, stderr } = await run('adopt', '--fleet', fleet, '--yes', '--accept-host-keys');
      expect(stderr).to.equal('');
      expect(stdout).to.match(/^4 servers taken over\.\nnpx dropfleet up looks after them from here on\.$/m);
      expect(code).to.equal(0);
      expect(await place.json(...STATE, 'fleet.json')).to.deep.equal({ fleet });
      up();
      await daemon!.says(/^4 of 4 droplets Ready/m);
      expect(await cloud.ids()).to.deep.equal(servers);
      expect(await cloud.changes()).to.deep.equal(changes);
    });
  });

  describe('of a server that was made by hand, --droplet ID --as NAME', () => {
    let id: number;
    const ownerOf = async (name: string): Promise<string> => {
      const kubeconfig = place.path(...STATE, 'kubernetes', 'kubeconfig');
      const path = '{.metadata.ownerReferences[0].kind} {.metadata.ownerReferences[0].name}';
      const args = ['--kubeconfig', kubeconfig, 'get', 'droplet', name, '-o', `jsonpath=${path}`];
      return (await promisify(execFile)('kubectl', args)).stdout;
    };

    it('takes it over as the next web, for whose place nothing is bought then', async () => {
      id = await cloud.create('by-hand');
      const changes = await cloud.changes();
      const { code, stdout, stderr } = await run('adopt', '--droplet', `${id}`, '--as', 'shop-web3', '--yes');
      expect(stderr).to.equal('');
      expect(stdout).to.match(/^note: shop has 3 servers so far: once .* "dropfleet scale shop 4" makes it/m);
      expect(stdout).to.match(/^Nobody has vouched for the SSH host key of shop-web3: /m);
      expect(code).to.equal(0);
      await place.writeCsv('blog,1,,', 'shop,4,,');
      const shop = async () =>
        JSON.parse((await run('status', '--output', 'json')).stdout).projects.at(-1) as {
          servers: number;
          droplets: object[];
        };
      while ((await shop()).servers !== 4);
      expect((await shop()).droplets.at(-1)).to.deep.include({
        name: 'shop-web3',
        id,
        phase: 'Active',
        state: 'HostKeyMismatch',
      });
      expect(await cloud.changes()).to.deep.equal(changes);
      expect(await ownerOf('shop-web3')).to.equal('Project shop');
    });

    for (const { title, as, says } of [
      { title: 'a Droplet whose own server is there', as: 'shop-web1', says: /has the server \d+ already$/ },
      { title: 'a place that is farther off', as: 'shop-web9', says: /the next one is shop-web4$/ },
      { title: 'a project that nobody knows', as: 'docs-web1', says: /there is no Project docs: / },
      { title: 'what is no name', as: 'web1', says: /web1 is no name of a droplet, such as / },
    ])
      it(`refuses ${title}`, async () => {
        const another = (await cloud.ids())['spare'] ?? (await cloud.create('spare'));
        const { code, stderr } = await run('adopt', '--droplet', `${another}`, '--as', as, '--yes');
        expect(stderr.trimEnd())
          .to.match(/^dropfleet: nothing was taken over: /)
          .and.match(says);
        expect(code).to.equal(1);
      });
  });

  describe('beside a second state directory that has the same fleet name,', () => {
    it('dropfleet cleanup removes nothing under a running daemon, and says why', async () => {
      const { fleet } = await place.json(...STATE, 'fleet.json');
      const other = await openWorkplace(['docs,1,,'], { ...cloud.env, DROPFLEET_FLEET: fleet });
      const there = await cloud.ids();
      for (const args of [
        ['cleanup', '--yes'],
        ['cleanup', '--dry-run'],
      ]) {
        const { code, stderr } = await runDropfleet(other, ...args);
        expect(stderr).to.match(
          /^dropfleet: nothing was removed: 5 servers of the fleet .* another Kubernetes API/,
        );
        expect(code).to.equal(1);
      }
      expect(await cloud.ids()).to.deep.equal(there);
      await other.remove();
    });
  });
});

// Each step finds what the ones before it left.
describe('While the end of a project is held, dropfleet adopt', () => {
  let cloud: SandboxCloud;
  let place: Workplace;
  let daemon: RunningCommand;
  let servers: Record<string, number>;
  const run = (...args: string[]): Promise<Ending> => runDropfleet(place, ...args);
  const kubectl = async (...args: string[]): Promise<string> => {
    const kubeconfig = ['--kubeconfig', place.path(...STATE, 'kubernetes', 'kubeconfig')];
    return (await promisify(execFile)('kubectl', [...kubeconfig, ...args])).stdout;
  };
  const heldReasons = async (): Promise<string> => {
    const type = '?(@.type=="ConfirmationRequired")';
    const path = `{range .items[*]}{.metadata.name} {.status.conditions[${type}].reason}{"\\n"}{end}`;
    return await kubectl('get', 'projects,droplets', '-o', `jsonpath=${path}`);
  };
  const until = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(await heldReasons()));
  };

  before(async () => {
    cloud = await openSandboxCloud();
    place = await openWorkplace(['shop,4,,'], cloud.env);
    daemon = startDropfleet(place, 'up', '--http-port', '0');
    await daemon.says(/^4 of 4 droplets Ready/m);
    servers = await cloud.ids();
  });
  after(async () => {
    await daemon?.stop('SIGKILL');
    await place.remove();
    await cloud.close();
  });

  for (const { title, args, held } of [
    {
      title: 'a Project, whose Droplets wait for it',
      args: ['delete', 'project', 'shop', '--wait=false'],
      held: /^shop LargeDeletion$/m,
    },
    {
      title: 'Droplets',
      args: ['delete', 'droplets', '--all', '--wait=false'],
      held: /^shop-master \w+\n(shop-web\d \w+\n){3}/m,
    },
    {
      title: 'a Project and its Droplets with it',
      args: ['delete', 'project', 'shop', '--cascade=foreground', '--wait=false'],
      held: /^shop-master \w+\n(shop-web\d \w+\n){3}/m,
    },
  ])
    it(`keeps every server when somebody has deleted ${title}`, async () => {
      const changes = await cloud.changes();
      await kubectl(...args);
      await until(held);
      const { code, stdout, stderr } = await run('adopt', '--yes');
      expect(stderr).to.equal('');
      expect(stdout).to.match(
        /^note: the (Project default\/shop|Droplet default\/shop-master) is being deleted/m,
      );
      expect(code).to.equal(0);
      const isReady = async () => (await run('status')).stdout.includes('4 of 4 droplets Ready');
      while (!(await isReady()));
      const path = '{range .items[*]}{.metadata.deletionTimestamp}{.metadata.ownerReferences[0].kind} {end}';
      expect(await kubectl('get', 'projects,droplets', '-o', `jsonpath=${path}`)).to.match(
        /^ ?Droplet |^ Project Project Project Project $/,
      );
      expect(await cloud.ids()).to.deep.equal(servers);
      expect(await cloud.changes()).to.deep.equal(changes);
    });
});
