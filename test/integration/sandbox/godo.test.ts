import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sandbox } from '../../../sandbox/server.ts';
import { isThere, runProgram, startQuickSandbox } from './clients.ts';

/** What the Go program in godo/ does; doctl and Terraform's provider are made of the same client. */
const FLOWS = {
  doctl: 'serves what doctl sends to create a droplet and wait, to list, and to delete',
  terraform:
    "serves what Terraform's provider sends to create, resize, snapshot, attach, reserve and destroy",
  retries: 'is asked again by the client after what passes, and twice for a droplet when a reply is lost',
  droplets: 'has what the client does with droplets, their images and their backups',
  volumes: 'has what the client does with volumes and their snapshots',
  addresses: 'has what the client does with reserved and floating IPs',
  domains: 'has what the client does with domains and their records',
  firewalls: 'has what the client does with firewalls',
  projects: 'has what the client does with projects',
  values: 'gives the client back what it sent, or what DigitalOcean makes of it',
};

describe('the sandbox, for godo', () => {
  let folder: string | undefined;
  let sandbox: Sandbox;

  before(async function () {
    this.timeout(300_000);
    if (!(await isThere('go', 'version'))) {
      if (process.env['CI'] === 'true') throw new Error('go is needed to build godo');
      return this.skip();
    }
    folder = await mkdtemp(join(tmpdir(), 'godo-'));
    const options = { cwd: join(import.meta.dirname, 'godo'), timeout: 300_000 };
    await runProgram('go', ['build', '-o', join(folder, 'flows'), '.'], options);
  });
  after(() => folder && rm(folder, { recursive: true }));
  beforeEach(async () => (sandbox = await startQuickSandbox()));
  afterEach(() => sandbox.close());

  for (const [flow, title] of Object.entries(FLOWS))
    it(title, async () => {
      await runProgram(join(folder!, 'flows'), [flow, sandbox.url]);
    });
});
