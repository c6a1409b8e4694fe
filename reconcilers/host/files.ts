import { REGISTRY_PORT, type DesiredHost } from './desired.ts';

/** What has to be told of a new file before it holds. */
export type Reload = 'ssh' | 'docker' | 'docker-registry' | 'journald' | 'metadata' | 'none';

/** A file that is dropfleet's alone; its owner is root. */
export interface HostFile {
  path: string;
  content: string;
  /** Octal, as chmod takes it. */
  mode: '0644' | '0755';
  reload: Reload;
}

const NOTICE = 'Written by dropfleet, which puts edits back.';

/** The files of a host, in the order in which they are written. */
export function filesOf({ engine, hasRegistry = false }: DesiredHost): HostFile[] {
  return [
    SSHD,
    ...(engine === 'docker' ? [DOCKER] : [PODMAN, PODMAN_REGISTRIES]),
    ...(hasRegistry ? [REGISTRY] : []),
    APT,
    JOURNALD,
    metadataRules(hasRegistry),
    METADATA_UNIT,
  ];
}

/** The networks that private addresses are from (RFC 1918). */
const PRIVATE_NETWORKS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

/**
 * sshd takes the first value that it reads, and distributions read this folder first: 00 comes before what
 * cloud images bring. One host key is offered, the one that dropfleet knows.
 */
const SSHD: HostFile = {
  path: '/etc/ssh/sshd_config.d/00-dropfleet.conf',
  content: `# ${NOTICE}
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
X11Forwarding no
`,
  mode: '0644',
  reload: 'ssh',
};

/**
 * Containers go on while dockerd restarts, and their logs cannot fill the disk. The registry of the project's master has
 * no certificate.
 */
const DOCKER: HostFile = {
  path: '/etc/docker/daemon.json',
  content: `${JSON.stringify(
    {
      'insecure-registries': PRIVATE_NETWORKS,
      'live-restore': true,
      'log-driver': 'json-file',
      'log-opts': { 'max-size': '10m', 'max-file': '3' },
    },
    null,
    2,
  )}
`,
  mode: '0644',
  reload: 'docker',
};

/** Read by every podman command, so nothing has to be told of it. podman keeps one file of that many bytes. */
const PODMAN: HostFile = {
  path: '/etc/containers/containers.conf.d/dropfleet.conf',
  content: `# ${NOTICE}
[containers]
log_driver = "k8s-file"
log_size_max = 31457280
`,
  mode: '0644',
  reload: 'none',
};

/** Names such as `postgres:17` mean the same as to docker. */
const PODMAN_REGISTRIES: HostFile = {
  path: '/etc/containers/registries.conf.d/dropfleet.conf',
  content: `# ${NOTICE}
unqualified-search-registries = ["docker.io"]
`,
  mode: '0644',
  reload: 'none',
};

/**
 * The project's images. Only the fleet's droplets reach it: see metadataRules, and reconcilers/firewall/. Its package
 * finds this file and keeps it.
 */
const REGISTRY: HostFile = {
  path: '/etc/docker/registry/config.yml',
  content: `# ${NOTICE}
version: 0.1
log:
  accesslog:
    disabled: false
  level: warn
storage:
  filesystem:
    rootdirectory: /var/lib/docker-registry
  cache:
    blobdescriptor: inmemory
  delete:
    enabled: true
http:
  addr: :${REGISTRY_PORT}
  headers:
    X-Content-Type-Options: [nosniff]
`,
  mode: '0644',
  reload: 'docker-registry',
};

/** Upgrading the container engine unattended has stopped it on many hosts at once (docker/for-linux#1155). */
const APT: HostFile = {
  path: '/etc/apt/apt.conf.d/52dropfleet',
  content: `// ${NOTICE}
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
Unattended-Upgrade::Automatic-Reboot "false";
Unattended-Upgrade::Package-Blacklist { "^docker"; "^containerd"; "^runc$"; "^podman"; "^crun$"; };
`,
  mode: '0644',
  reload: 'none',
};

const JOURNALD: HostFile = {
  path: '/etc/systemd/journald.conf.d/dropfleet.conf',
  content: `# ${NOTICE}
[Journal]
SystemMaxUse=200M
`,
  mode: '0644',
  reload: 'journald',
};

/**
 * The metadata service tells user data to whoever asks. Root on the host may, as cloud-init does; containers,
 * whose packets are forwarded, and everybody else may not. A table of its own: Docker rewrites only its own
 * rules. Naming the table first makes its deletion succeed also when there was none.
 *
 * A registry, which asks nobody who he is, is closed to public addresses even where the cloud's firewall is not.
 */
const metadataRules = (hasRegistry: boolean): HostFile => ({
  path: METADATA_RULES,
  content: `# ${NOTICE}
table inet dropfleet
delete table inet dropfleet
table inet dropfleet {
  chain forward {
    type filter hook forward priority -10; policy accept;
    ip daddr 169.254.169.254 drop
  }
  chain output {
    type filter hook output priority -10; policy accept;
    ip daddr 169.254.169.254 meta skuid != 0 drop
  }
${hasRegistry ? REGISTRY_RULES : ''}}
`,
  mode: '0644',
  reload: 'metadata',
});

const METADATA_RULES = '/etc/dropfleet/metadata.nft';

const REGISTRY_RULES = `  chain input {
    type filter hook input priority -10; policy accept;
    iif lo accept
    tcp dport ${REGISTRY_PORT} meta nfproto ipv6 drop
    tcp dport ${REGISTRY_PORT} ip saddr != { ${PRIVATE_NETWORKS.join(', ')} } drop
  }
`;

const METADATA_UNIT: HostFile = {
  path: '/etc/systemd/system/dropfleet-metadata.service',
  content: `# ${NOTICE}
[Unit]
Description=Close the metadata service to containers
Before=docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f ${METADATA_RULES}

[Install]
WantedBy=multi-user.target
`,
  mode: '0644',
  reload: 'metadata',
};

/** What is to be told of a host's files, each once. */
export function reloadsOf(host: DesiredHost): { reload: Reload; paths: string[] }[] {
  const files = filesOf(host).filter(({ reload }) => reload !== 'none');
  const reloads = [...new Set(files.map(({ reload }) => reload))];
  return reloads.map(reload => ({
    reload,
    paths: files.filter(file => file.reload === reload).map(({ path }) => path),
  }));
}
