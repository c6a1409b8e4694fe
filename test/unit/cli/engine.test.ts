import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GlobalOptions } from '../../../cli/options.ts';
import { engineOf } from '../../../cli/world/engine.ts';
import { rejection } from '../../fakes/rejection.ts';

describe('The engine of hosts', () => {
  let configDir: string;
  beforeEach(async () => void (configDir = await mkdtemp(join(tmpdir(), 'dropfleet-engine-'))));
  afterEach(() => rm(configDir, { recursive: true }));

  const engine = async (platform?: string) => {
    const file = join(configDir, 'deployment_config.json');
    if (platform !== undefined)
      await writeFile(file, JSON.stringify({ deployment_platform: platform, projects: {} }));
    return await engineOf({ configDir } as GlobalOptions);
  };

  it('is podman when deployment_config.json says so, else docker', async () => {
    expect(await engine()).to.equal('docker');
    expect(await engine('docker')).to.equal('docker');
    expect(await engine('podman')).to.equal('podman');
    expect(await engine('kubernetes')).to.equal('docker');
  });

  it('is not guessed from a file with a mistake', async () => {
    expect((await rejection(engine('pdoman'))).message).to.contain('deployment_config.json');
  });
});
