import { stringify } from 'yaml';
import type { Script } from '../script.ts';
import { HOST_USER, servicesOf, toolsOf, type DesiredHost } from './desired.ts';
import { filesOf, reloadsOf } from './files.ts';
import { PROVIDE, RELOAD, START, SWAP } from './scripts.ts';

/** A host's SSH key pair, in OpenSSH's formats. */
export interface HostKey {
  privateKey: string;
  publicKey: string;
}

/** How often the first boot waits for whoever else is at work on the packages: 25 s each time. */
const PATIENT_TRIES = 12;

/** DigitalOcean takes no more bytes of user data. */
export const USER_DATA_LIMIT = 65_536;

/**
 * cloud-init's user data for a host's first boot: the user, the keys, the files, and what brings the packages. It
 * asks for no package by cloud-init's own means, because those begin with an apt-get update in any case.
 *
 * The user data stays readable for root on the host, so the host key in it is only good for the first contact.
 *
 * @param authorizedKey the line of authorized_keys that lets dropfleet in.
 */
export function renderUserData(host: DesiredHost, hostKey: HostKey, authorizedKey: string): string {
  return cloudConfig({
    ...loginOf(hostKey, authorizedKey),
    write_files: [
      ...filesOf(host).map(({ path, content, mode }) => ({ path, content, permissions: mode })),
      ...[PROVIDE, RELOAD, START, SWAP].map(script => ({ path: pathOf(script), content: script.text })),
    ],
    // One line, because the exit code of the last is the first boot's.
    runcmd: [firstBoot(host).join(' && ')],
  });
}

/** The same for a server made from a snapshot that is only looked at: the way in, and nothing else of it changes. */
export const renderLogin = (hostKey: HostKey, authorizedKey: string): string =>
  cloudConfig(loginOf(hostKey, authorizedKey));

const cloudConfig = (document: object): string => `#cloud-config\n${stringify(document, { lineWidth: 0 })}`;

const loginOf = (hostKey: HostKey, authorizedKey: string) => ({
  disable_root: true,
  ssh_pwauth: false,
  users: [
    {
      name: HOST_USER,
      gecos: 'dropfleet',
      shell: '/bin/bash',
      lock_passwd: true,
      sudo: 'ALL=(ALL) NOPASSWD:ALL',
      ssh_authorized_keys: [authorizedKey],
    },
  ],
  ssh_deletekeys: true,
  ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey },
});

function firstBoot(host: DesiredHost): string[] {
  const call = (script: Script, ...args: string[]): string => ['sh', pathOf(script), ...args].join(' ');
  return [
    call(PROVIDE, `${PATIENT_TRIES}`, ...toolsOf(host)),
    ...reloadsOf(host).map(({ reload, paths }) => call(RELOAD, reload, ...paths)),
    ...servicesOf(host).map(service => call(START, service)),
    call(SWAP),
  ];
}

/** Gone with the next boot, as /run is. */
const pathOf = ({ name }: Script): string => `/run/${name}`;
