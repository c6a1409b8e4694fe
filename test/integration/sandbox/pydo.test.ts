import { join } from 'node:path';
import type { Sandbox } from '../../../sandbox/server.ts';
import { isThere, runProgram, startQuickSandbox } from './clients.ts';

/** A Python that has what pydo/requirements.txt names. */
const PYTHON = process.env['PYDO_PYTHON'] ?? 'python3';
const FLOWS = {
  droplets: 'droplets: create and wait, list, resize, snapshot, rebuild, back up, destroy with all',
  volumes: 'volumes: attach, grow, snapshot, detach, delete',
  addresses: 'reserved IPs',
  domains: 'domains and their records',
  firewalls: 'firewalls',
  projects: 'projects',
  others: 'keys, VPCs, tags, sizes and images',
};

describe('the sandbox, for pydo (PYDO_PYTHON), has', () => {
  let sandbox: Sandbox;

  before(async function () {
    if (await isThere(PYTHON, '-c', 'import pydo')) return;
    if (process.env['CI'] === 'true') throw new Error('PYDO_PYTHON must name a Python that has pydo');
    this.skip();
  });
  beforeEach(async () => (sandbox = await startQuickSandbox()));
  afterEach(() => sandbox?.close());

  for (const [flow, title] of Object.entries(FLOWS))
    it(title, async () => {
      await runProgram(PYTHON, [join(import.meta.dirname, 'pydo', 'flows.py'), flow, sandbox.url]);
    });
});
