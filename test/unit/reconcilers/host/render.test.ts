import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { deriveKeyPair } from '../../../../clients/ssh/derived-key.ts';
import type { DesiredHost } from '../../../../reconcilers/host/desired.ts';
import { filesOf } from '../../../../reconcilers/host/files.ts';
import { renderUserData, USER_DATA_LIMIT } from '../../../../reconcilers/host/render.ts';

interface CloudConfig {
  users: { name: string; ssh_authorized_keys: string[] }[];
  ssh_keys: Record<string, string>;
  write_files: { path: string; content: string; permissions?: string }[];
  runcmd: string[];
}

const KEY = deriveKeyPair('secret', 'test');
const HOSTS: DesiredHost[] = (['master', 'web'] as const).flatMap(role =>
  (['docker', 'podman'] as const).map(engine => ({ role, engine })),
);
const render = (host: DesiredHost): string => renderUserData(host, KEY, 'ssh-ed25519 AAAA fleet');
const read = (host: DesiredHost): CloudConfig => parse(render(host)) as CloudConfig;

describe('User data', () => {
  let folder: string;
  before(() => void (folder = mkdtempSync(join(tmpdir(), 'dropfleet-user-data-'))));
  after(() => rmSync(folder, { recursive: true }));

  for (const host of HOSTS) {
    it(`of a ${host.role} with ${host.engine} is a cloud-config that cloud-init accepts`, function () {
      if (spawnSync('cloud-init', ['--version']).error) this.skip();
      const file = join(folder, 'user-data');
      writeFileSync(file, render(host));
      const { stdout, stderr } = spawnSync('cloud-init', ['schema', '--config-file', file], {
        encoding: 'utf8',
      });
      expect(stdout + stderr)
        .to.contain('Valid')
        .and.not.contain('rror');
    });

    it(`of a ${host.role} with ${host.engine} is the same each time, and fits`, () => {
      expect(render(host)).to.equal(render(host));
      expect(Buffer.byteLength(render(host))).to.be.lessThan(USER_DATA_LIMIT / 2);
    });

    it(`of a ${host.role} with ${host.engine} writes each file as a look at the host wants it`, () => {
      const written = new Map(read(host).write_files.map(file => [file.path, file]));
      for (const { path, content, mode } of filesOf(host))
        expect(written.get(path)).to.include({ content, permissions: mode });
    });
  }

  it('lets one user in, by the key of the fleet, and gives the host its key', () => {
    const { users, ssh_keys } = read(HOSTS[0]!);
    expect(users).to.have.length(1);
    expect(users[0]).to.deep.include({ name: 'dropfleet', ssh_authorized_keys: ['ssh-ed25519 AAAA fleet'] });
    expect(ssh_keys).to.deep.equal({ ed25519_private: KEY.privateKey, ed25519_public: KEY.publicKey });
  });

  it('brings a registry, and starts it, where the project has webs', () => {
    const { runcmd } = read({ role: 'master', engine: 'podman', hasRegistry: true });
    expect(runcmd[0]).to.match(/dropfleet-provide .* docker-registry .*dropfleet-start docker-registry/);
    expect(render(HOSTS[0]!)).to.not.contain('registry/config');
  });

  it('installs nginx on masters only', () => {
    expect(read({ role: 'master', engine: 'docker' }).runcmd[0]).to.contain('nginx');
    expect(read({ role: 'web', engine: 'docker' }).runcmd[0]).to.not.contain('nginx');
  });

  it('ends its first boot with the first command that fails', () => {
    const { runcmd } = read(HOSTS[0]!);
    expect(runcmd).to.have.length(1);
    expect(runcmd[0]!.split(' && ').every(command => command.startsWith('sh /run/dropfleet-'))).to.equal(
      true,
    );
  });
});
