import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  openWorkplace,
  runDropfleet,
  startDropfleet,
  type RunningCommand,
  type Workplace,
} from '../../environment/dropfleet.ts';

const SAMPLE = join(import.meta.dirname, '../../../config/projects.csv');
/** The image may have to be built, and six machines boot at once. */
const PATIENCE_MS = 600_000;

interface DropletStatus {
  name: string;
  role: string;
  address: string;
}

describe('The sample fleet, on docker hosts', function () {
  this.timeout(PATIENCE_MS);
  let place: Workplace;
  let daemon: RunningCommand;
  before(async () => {
    place = await openWorkplace();
    await mkdir(place.path('config'));
    await copyFile(SAMPLE, place.path('config', 'projects.csv'));
    daemon = startDropfleet(place, 'up', '--hosts', 'docker');
  });
  after(async () => {
    await daemon.stop();
    const { code, stderr } = await runDropfleet(place, 'sandbox', 'reset');
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    await place.remove();
  });

  it('is Ready: booted by cloud-init, reached by SSH, configured, and balanced', async () => {
    const [line] = await daemon.says(/^6 of 6 droplets Ready.*$/m, PATIENCE_MS);
    console.log(`      ${line}`);
  });

  it('answers /health and /lb-status on every master', async () => {
    const { stdout } = await runDropfleet(place, 'status', '--output', 'json');
    const { projects } = JSON.parse(stdout) as { projects: { name: string; droplets: DropletStatus[] }[] };
    for (const { name, droplets } of projects) {
      const master = droplets.find(({ role }) => role === 'master')!;
      const ask = (path: string): Promise<Response> => fetch(`http://${master.address}${path}`);
      expect(await (await ask('/health')).text()).to.equal('ok\n');
      const status = (await (await ask('/lb-status')).json()) as { projects: { name: string }[] };
      expect(status.projects.map(project => project.name)).to.deep.equal([name]);
    }
    expect(projects.map(({ name }) => name)).to.deep.equal(['digitalpixo', 'hostomatic', 'mynewproject']);
  });

  it('is logged in to with the command that was printed', async () => {
    const [, words] = await daemon.says(/npx dropfleet (ssh \S+)/);
    const [ssh, droplet] = words!.split(' ') as [string, string];
    const { stdout, code } = await runDropfleet(place, ssh, droplet, '--', 'hostname');
    expect({ stdout, code }).to.deep.equal({ stdout: `${droplet}\n`, code: 0 });
  });
});
