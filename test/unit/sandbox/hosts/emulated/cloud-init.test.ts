import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import {
  beginFirstBoot,
  finishFirstBoot,
} from '../../../../../sandbox/hosts/emulated/cloud-init/first-boot.ts';
import { createHost } from '../../../../../sandbox/hosts/emulated/host.ts';
import { personalize } from '../../../../../sandbox/hosts/emulated/installation.ts';
import type { Machine } from '../../../../../sandbox/hosts/emulated/model.ts';
import { aHost } from '../../../../builders/hosts.ts';
import { aMachine, runOn } from './machine.ts';

describe('The first boot of an emulated host', () => {
  async function boot(userData: string | undefined): Promise<Machine> {
    const spec = aHost({ userData, authorizedKeys: ['ssh-ed25519 AAAA root'] });
    const machine = aMachine({ spec });
    personalize(machine, spec);
    beginFirstBoot(machine);
    const host = createHost({ machine, sshPort: 22, outsidePort: port => port });
    await host.open();
    await finishFirstBoot(host, 0);
    await host.shut('graceful');
    return machine;
  }
  const output = async (machine: Machine, script: string, user = 'root'): Promise<string> =>
    (await runOn(machine, script, { user })).stdout;

  it('makes users who may become root, with their keys', async () => {
    const machine = await boot(`#cloud-config
users:
  - default
  - name: deploy
    groups: [adm, web]
    sudo: ALL=(ALL) NOPASSWD:ALL
    ssh_authorized_keys: [ssh-ed25519 AAAA one, ssh-ed25519 BBBB two]
`);
    expect(
      await output(
        machine,
        'id -un; id -Gn; sudo -n id -un; cat ~/.ssh/authorized_keys; stat -c "%a %U" ~/.ssh',
        'deploy',
      ),
    ).to.equal('deploy\ndeploy adm web\nroot\nssh-ed25519 AAAA one\nssh-ed25519 BBBB two\n700 deploy\n');
  });

  it('writes files as they are asked for', async () => {
    const machine = await boot(`#cloud-config
write_files:
  - { path: /opt/a/b/plain, content: "text\\n" }
  - { path: /opt/secret, content: c2VjcmV0, encoding: b64, permissions: "0600", owner: "root:adm" }
  - { path: /opt/octal, content: x, permissions: 0640 }
  - { path: /opt/packed, content: ${gzipSync('packed').toString('base64')}, encoding: gz+b64 }
  - { path: /etc/hosts, content: "10.0.0.1 more\\n", append: true }
`);
    expect(
      await output(
        machine,
        'cat /opt/a/b/plain /opt/secret /opt/packed; echo; stat -c "%a %G" /opt/secret /opt/octal; tail -n 2 /etc/hosts',
      ),
    ).to.equal('text\nsecretpacked\n600 adm\n640 root\n127.0.0.1 localhost\n10.0.0.1 more\n');
  });

  it('installs packages, then runs commands, and is done', async () => {
    const machine = await boot(`#cloud-config
packages: [nginx]
runcmd:
  - nginx -v 2>/root/version
  - [sh, -c, "echo its $0", here]
`);
    expect(
      await output(machine, 'cat /root/version /var/log/cloud-init-output.log; cloud-init status'),
    ).to.match(/^nginx version: nginx\/1\.\d+\.\d+\nits here\nstatus: done\n$/);
    expect((await runOn(machine, 'cloud-init status --wait')).code).to.equal(0);
    expect(await output(machine, 'grep -c \'"errors": \\[\\]\' /run/cloud-init/result.json')).to.equal('1\n');
  });

  it('ends in error, with the reason in the log, when a command is not there', async () => {
    const machine = await boot('#cloud-config\nruncmd: [no-such-command]\n');
    const { code, stdout } = await runOn(
      machine,
      'cloud-init status --long; cat /var/log/cloud-init-output.log',
    );
    expect(stdout).to.contain('status: error').and.contain('scripts_user').and.contain('no-such-command');
    expect((await runOn(machine, 'cloud-init status')).code).to.equal(1);
    expect(code).to.equal(0);
  });

  it('ends in error when a package is not to be had', async () => {
    const machine = await boot('#cloud-config\npackages: [no-such-package]\n');
    expect(await output(machine, 'cloud-init status; cat /var/log/cloud-init-output.log')).to.equal(
      'status: error\nE: Unable to locate package no-such-package\n',
    );
  });

  it('warns of a key that it does not know, and goes on', async () => {
    const machine = await boot('#cloud-config\nruncmdd: [x]\npackage_update: true\nhostname: other\n');
    const { code, stdout } = await runOn(machine, 'hostname; cloud-init status --format json');
    expect(code).to.equal(2);
    expect(stdout).to.contain('other\n').and.contain('runcmdd').and.not.contain('package_update');
  });

  for (const [what, userData] of [
    ['YAML that is none', '#cloud-config\nusers: [a: b: c\n'],
    ['a list', '#cloud-config\n- a\n'],
    ['text of another kind', 'hello\n'],
  ] as const)
    it(`carries nothing of ${what} out`, async () => {
      expect((await runOn(await boot(userData), 'cloud-init status')).stdout).to.equal('status: error\n');
    });

  it('runs a script', async () => {
    expect(await output(await boot('#!/bin/sh\necho ran >/root/file\n'), 'cat /root/file')).to.equal('ran\n');
  });

  it('lets root in by the keys of the droplet, unless that is disabled', async () => {
    const keys = 'cat /root/.ssh/authorized_keys';
    expect(await output(await boot(undefined), keys)).to.equal('ssh-ed25519 AAAA root\n');
    expect(await output(await boot('#cloud-config\ndisable_root: true\n'), keys)).to.match(
      /command=.* ssh-ed25519 AAAA root\n$/,
    );
  });
});
