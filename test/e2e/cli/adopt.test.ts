import { expect } from 'chai';
import { rm } from 'node:fs/promises';
import {
  openWorkplace,
  runDropfleet,
  startDropfleet,
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
    await daemon!.says(/^4 of 4 droplets Ready/m, 60_000);
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
      await daemon!.says(/another Kubernetes API.*"dropfleet adopt" takes them over/s, 60_000);
      const status = await run('status');
      expect(status.stdout).to.contain('"dropfleet adopt" takes them over');
      expect(status.code).to.equal(1);
      expect(await cloud.ids()).to.deep.equal(servers);
      expect(await cloud.changes()).to.deep.equal(changes);
    });

    it('does nothing where nobody can answer it', async () => {
      const { code, stdout, stderr } = await run('adopt');
      expect(stdout).to.match(/^shop +shop-web2 +web +\d+ +s-1vcpu-1gb +nyc3 +\d+m +127\.\S+ +\$6\.00$/m);
      expect(stderr).to.equal(
        'dropfleet: nothing was taken over: give --yes to take over all of the above\n',
      );
      expect(code).to.equal(1);
    });

    it('gives every server back to its Droplet under a running daemon, and all is Ready again', async () => {
      const changes = await cloud.changes();
      const { code, stdout, stderr } = await run('adopt', '--yes', '--accept-host-keys');
      expect(stderr).to.equal('');
      expect(stdout).to.match(/^4 servers taken over\.$/m);
      expect(code).to.equal(0);
      await daemon!.says(/^4 of 4 droplets Ready/m, 60_000);
      expect(await cloud.ids()).to.deep.equal(servers);
      expect(await cloud.changes()).to.deep.equal(changes);
      expect((await run('adopt')).stdout).to.match(/^Nothing is to be taken over/m);
    });
  });
});
