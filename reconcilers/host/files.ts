import type { DesiredHost } from './desired.ts';

/** What has to be told of a new file before it holds. */
export type Reload = 'ssh' | 'docker' | 'journald' | 'metadata' | 'none';

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
export function filesOf({ engine }: DesiredHost): HostFile[] {
  return [SSHD, engine === 'docker' ? DOCKER : PODMAN, APT, JOURNALD, METADATA_RULES, METADATA_UNIT];
}

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

/** Containers go on while dockerd restarts, and their logs cannot fill the disk. */
const DOCKER: HostFile = {
  path: '/etc/docker/daemon.json',
  content: `${JSON.stringify(
    {
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
 */
const METADATA_RULES: HostFile = {
  path: '/etc/dropfleet/metadata.nft',
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
}
`,
  mode: '0644',
  reload: 'metadata',
};

const METADATA_UNIT: HostFile = {
  path: '/etc/systemd/system/dropfleet-metadata.service',
  content: `# ${NOTICE}
[Unit]
Description=Close the metadata service to containers
Before=docker.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f ${METADATA_RULES.path}

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
