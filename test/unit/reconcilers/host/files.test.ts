import { expect } from 'chai';
import { parse } from 'yaml';
import { filesOf } from '../../../../reconcilers/host/files.ts';

const hostWith = (engine: 'docker' | 'podman') => ({ engine, role: 'web' }) as const;
const contentOf = (path: string, engine: 'docker' | 'podman' = 'docker'): string =>
  filesOf(hostWith(engine)).find(file => file.path === path)!.content;

/** The lines that are no comments. */
const settings = (text: string): string[] =>
  text.split('\n').filter(line => line !== '' && !line.startsWith('#'));

describe('The files of a host', () => {
  it('let nobody in as root, nor by a password, and show one host key', () => {
    expect(settings(contentOf('/etc/ssh/sshd_config.d/00-dropfleet.conf'))).to.have.members([
      'HostKey /etc/ssh/ssh_host_ed25519_key',
      'PermitRootLogin no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'X11Forwarding no',
    ]);
  });

  it('close the metadata service, which tells the user data, to containers and to all users but root', () => {
    const rules = contentOf('/etc/dropfleet/metadata.nft')
      .split('\n')
      .map(line => line.trim());
    expect(rules.filter(line => line.includes('drop') && !line.includes('dropfleet'))).to.deep.equal([
      'ip daddr 169.254.169.254 drop',
      'ip daddr 169.254.169.254 meta skuid != 0 drop',
    ]);
    expect(rules).to.include('type filter hook forward priority -10; policy accept;');
    expect(rules).to.include('type filter hook output priority -10; policy accept;');
  });

  it('bound the logs of containers, which go on while their engine restarts', () => {
    expect(JSON.parse(contentOf('/etc/docker/daemon.json'))).to.deep.equal({
      'insecure-registries': ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
      'live-restore': true,
      'log-driver': 'json-file',
      'log-opts': { 'max-size': '10m', 'max-file': '3' },
    });
    const podman = settings(contentOf('/etc/containers/containers.conf.d/dropfleet.conf', 'podman'));
    expect(podman).to.include.members(['log_driver = "k8s-file"', `log_size_max = ${30 * 1024 ** 2}`]);
  });

  it('have security updates installed unattended, but neither reboots nor the container engines', () => {
    const apt = contentOf('/etc/apt/apt.conf.d/52dropfleet');
    expect(apt).to.contain('Unattended-Upgrade "1";').and.to.contain('Automatic-Reboot "false";');
    const kept = [.../Package-Blacklist \{(.*)\};/.exec(apt)![1]!.matchAll(/"([^"]+)"/g)].map(
      ([, name]) => name!,
    );
    const isKept = (name: string): boolean => kept.some(pattern => new RegExp(pattern).test(name));
    const engines = ['docker.io', 'docker-ce', 'containerd', 'runc', 'podman', 'crun'];
    expect(engines.filter(name => !isKept(name))).to.deep.equal([]);
    expect(['openssl', 'linux-image-amd64', 'nginx'].filter(isKept)).to.deep.equal([]);
  });

  it('let the images of a project be fetched from its master, which only private addresses reach', () => {
    const files = filesOf({ role: 'master', engine: 'docker', hasRegistry: true });
    const config = parse(files.find(({ path }) => path === '/etc/docker/registry/config.yml')!.content);
    expect(config).to.deep.include({
      http: { addr: ':5000', headers: { 'X-Content-Type-Options': ['nosniff'] } },
    });
    expect(config).to.have.nested.property('storage.delete.enabled', true);
    expect(config).to.not.have.property('auth');
    const rules = files.find(({ path }) => path === '/etc/dropfleet/metadata.nft')!.content;
    expect(rules).to.contain('tcp dport 5000 meta nfproto ipv6 drop');
    expect(rules).to.contain('tcp dport 5000 ip saddr != { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 } drop');
  });

  it('have a registry only where the project has webs', () => {
    const without = filesOf({ role: 'master', engine: 'docker' });
    expect(without.map(({ path }) => path)).to.not.include('/etc/docker/registry/config.yml');
    expect(contentOf('/etc/dropfleet/metadata.nft')).to.not.contain('5000');
  });

  it("make podman look for an image's short name where docker does", () => {
    const registries = contentOf('/etc/containers/registries.conf.d/dropfleet.conf', 'podman');
    expect(settings(registries)).to.deep.equal(['unqualified-search-registries = ["docker.io"]']);
  });

  it('belong to root and can be written by nobody else', () => {
    for (const engine of ['docker', 'podman'] as const)
      for (const { path, mode } of filesOf(hostWith(engine))) expect(mode, path).to.equal('0644');
  });
});
