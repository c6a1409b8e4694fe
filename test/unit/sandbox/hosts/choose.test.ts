import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { chooseHosts, resetHosts, type HostsChoice } from '../../../../sandbox/hosts/choose.ts';
import { isHostError, type HostDriver } from '../../../../sandbox/hosts/driver.ts';
import { rejection } from '../../../fakes/rejection.ts';

describe('What the hosts of a sandbox are', () => {
  let folder: string;
  const drivers: HostDriver[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dropfleet-hosts-'));
  });
  afterEach(async () => {
    for (const driver of drivers.splice(0)) await driver.close();
    await rm(folder, { recursive: true });
  });

  const request = () => ({ folder, random: Math.random, onProgress: () => undefined });
  async function choose(choice: HostsChoice) {
    const chosen = await chooseHosts({ ...request(), choice });
    drivers.push(chosen.driver);
    return { kind: chosen.driver.kind, range: chosen.driver.publicRange, why: chosen.why };
  }

  it('stays what it was, at the same addresses', async () => {
    const first = await choose('emulated');
    expect(first).to.include({ kind: 'emulated', why: 'as asked' });
    expect(await choose('auto')).to.deep.equal({ ...first, why: 'as before' });
  });

  it('is not changed under droplets that are there', async () => {
    await choose('emulated');
    const error = await rejection(choose('docker'));
    expect(isHostError(error)).to.equal(true);
    expect(error.message).to.equal(
      'The droplets of this sandbox are emulated hosts: start it without --hosts, or remove them all with "dropfleet sandbox reset".',
    );
  });

  it('may be another after a reset, which leaves nothing', async () => {
    await choose('emulated');
    await resetHosts(request());
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('is not guessed when its memory is damaged', async () => {
    await writeFile(join(folder, 'hosts.json'), '{');
    const error = await rejection(choose('auto'));
    expect(isHostError(error)).to.equal(true);
    expect(error.message).to.include('hosts.json cannot be read').and.include('remove them by hand');
  });
});
