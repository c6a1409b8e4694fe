import { expect } from 'chai';
import type { HostDriver } from '../../../sandbox/hosts/driver.ts';
import type { Sandbox } from '../../../sandbox/server.ts';
import { dropletBody, startTestSandbox, TEST_BOOT_MS, type TestSandbox } from '../../builders/sandbox.ts';

const DAY = 86_400_000;

/** Hosts of one kind, and the way into them. */
export interface BackedUpHosts {
  readonly hosts: HostDriver;
  /** Opens them by SSH as root. */
  readonly publicKey: string;
  /** Runs a shell command on the host with that public address, and resolves with what it printed, trimmed. */
  run(address: string, command: string): Promise<string>;
  /** Removes everything. */
  end(): Promise<void>;
}

/** What backups do to hosts of any kind. */
export function describeBackups(kind: string, open: () => Promise<BackedUpHosts>): void {
  describe(`backups of ${kind} hosts`, () => {
    let machines: BackedUpHosts;
    let test: TestSandbox;
    let hosts: NonNullable<Sandbox['hosts']>;
    let id: number;
    let address: string;
    const problems: string[] = [];

    before(async function () {
      this.timeout(600_000); // an image may have to be built
      machines = await open();
      test = await startTestSandbox({
        hosts: machines.hosts,
        onProblem: message => void problems.push(message),
      });
      hosts = test.sandbox.hosts!;
      const key = await test.post('/v2/account/keys', { name: 'test', public_key: machines.publicKey });
      const { body } = await test.post(
        '/v2/droplets',
        dropletBody({
          ssh_keys: [key.body.ssh_key.id],
          backups: true,
          backup_policy: { plan: 'daily', hour: 4 },
        }),
      );
      id = body.droplet.id;
      await settle();
      const { droplet } = await test.read(`/v2/droplets/${id}`);
      address = droplet.networks.v4.find(({ type }: { type: string }) => type === 'public').ip_address;
    });
    after(async () => {
      await test?.sandbox.close();
      await machines?.end();
    });

    /** Lets the machines, and then the clock, get to the end of whatever is under way. */
    async function settle(): Promise<void> {
      await hosts.settled();
      test.pass(TEST_BOOT_MS);
      await test.read('/v2/droplets');
      await hosts.settled();
    }
    async function act(action: object): Promise<void> {
      const { body } = await test.post(`/v2/droplets/${id}/actions`, action);
      await settle();
      const { action: ended } = await test.read(`/v2/actions/${body.action.id}`);
      expect(ended.status, problems.join('\n')).to.equal('completed');
    }
    /** The ids of the backups that there are, the oldest first, once a day has passed. */
    async function nextDay(): Promise<number[]> {
      test.pass(DAY);
      const { backups } = await test.read(`/v2/droplets/${id}/backups`);
      await hosts.settled();
      return backups.map((backup: { id: number }) => backup.id);
    }

    it('hold the files as they were, and bring them back by a restore and by a rebuild', async () => {
      await machines.run(address, 'echo first >/root/file');
      await nextDay();
      await machines.run(address, 'echo second >/root/file');
      const [first, second] = await nextDay();
      await machines.run(address, 'rm /root/file');
      await act({ type: 'restore', image: first });
      expect(await machines.run(address, 'cat /root/file')).to.equal('first');
      await act({ type: 'rebuild', image: second });
      expect(await machines.run(address, 'cat /root/file')).to.equal('second');
    });

    it('are taken before a rebuild that nobody could take them after', async () => {
      await machines.run(address, 'echo third >/root/file');
      test.pass(DAY);
      // The first request after the window is the rebuild itself.
      await act({ type: 'rebuild', image: 'debian-13-x64' });
      expect(await machines.run(address, 'ls /root/file 2>/dev/null || echo gone')).to.equal('gone');
      const third = (await test.read(`/v2/droplets/${id}/backups`)).backups.at(-1).id;
      await act({ type: 'restore', image: third });
      expect(await machines.run(address, 'cat /root/file')).to.equal('third');
    });

    it('are removed with their retention, and with their droplet', async () => {
      let kept: number[] = [];
      for (let day = 0; day < 8; day += 1) kept = await nextDay();
      expect(kept).to.have.length(7);
      expect((await machines.hosts.inventory()).snapshots).to.have.members(kept);
      await test.send('DELETE', `/v2/droplets/${id}`);
      await hosts.settled();
      expect((await machines.hosts.inventory()).snapshots).to.deep.equal([]);
      expect(problems).to.deep.equal([]);
    });
  });
}
