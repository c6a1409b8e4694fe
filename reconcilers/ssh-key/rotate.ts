import type { Cloud } from '../../clients/digitalocean/cloud.ts';
import { isCloudNotFound } from '../../clients/digitalocean/errors.ts';
import { isSshError } from '../../clients/ssh/errors.ts';
import type { SshHost, SshPool } from '../../clients/ssh/ssh.ts';
import { isConditionTrue } from '../../crds/conditions.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { execute, type Executors } from '../executors.ts';
import { accessOf } from '../host/access.ts';
import { HOST_USER } from '../host/desired.ts';
import { keyMaterial, withKey, withoutKey } from './authorized-keys.ts';
import type { FleetKey, KeyRing, KeyStore } from './key-ring.ts';
import { planRotation, type HostLogins, type PublicKeys, type RotationStep } from './rotation-plan.ts';
import { createSshKeyUpload } from './upload.ts';

/** What a rotation works with. */
export interface Rotation {
  store: KeyStore;
  makeKey: () => Promise<FleetKey>;
  droplets: readonly Droplet[];
  ssh: SshPool;
  sshPort: number;
  cloud: Pick<Cloud, 'listKeys' | 'createKey' | 'deleteKey'>;
  /** What the key is called at the cloud. */
  keyName: string;
  /** Told before each step. */
  onStep: (step: RotationStep) => void;
}

/** A host could not be asked; all that is said of each such host. */
export class RotationHeld extends Error {
  override readonly name = 'RotationHeld';
}

/**
 * Puts another key in the place of the fleet's, or goes on where an earlier call was cut off. No host ever lets
 * in neither of the two. No operator may run meanwhile: it knows one key only.
 * @throws RotationHeld when a host cannot be asked: nothing is lost, and the next call goes on.
 */
export async function rotateKey(rotation: Rotation): Promise<void> {
  for (;;) {
    const ring = await rotation.store.read();
    const hosts = ring.next || ring.previous ? await observe(rotation, ring.current) : [];
    const steps = planRotation(publicKeysOf(ring), hosts);
    for (const step of steps) {
      rotation.onStep(step);
      await execute(executors, step, rotation, await rotation.store.read());
    }
    holdIfNotAsked(hosts);
    if (steps.at(-1)?.type === 'forget') return;
  }
}

const publicKeysOf = ({ current, next, previous }: KeyRing): PublicKeys => ({
  current: current.publicKey,
  next: next?.publicKey,
  previous: previous?.publicKey,
});

function holdIfNotAsked(hosts: readonly HostLogins[]): void {
  const problems = hosts.flatMap(host => ('problem' in host ? [`${host.name}: ${host.problem}`] : []));
  if (problems.length === 0) return;
  throw new RotationHeld(
    `SSH key not replaced yet; no access lost. Fix these, then run it again: ${problems.join('; ')}`,
  );
}

const observe = ({ droplets, ...rotation }: Rotation, key: FleetKey): Promise<HostLogins[]> =>
  Promise.all(droplets.map(droplet => readLogins(rotation, droplet, key)));

async function readLogins(
  rotation: Pick<Rotation, 'ssh' | 'sshPort'>,
  droplet: Droplet,
  key: FleetKey,
): Promise<HostLogins> {
  const name = keyOf(droplet);
  // The host key that a server first boots with follows from the fleet's key: let it be replaced before.
  if (!isConditionTrue(droplet.status?.conditions, 'Configured'))
    return { name, problem: 'it is not Configured' };
  try {
    return { name, authorizedKeys: await readAuthorizedKeys(hostWith(rotation, droplet, key)) };
  } catch (error) {
    if (isSshError(error)) return { name, problem: error.message };
    throw error;
  }
}

/** Where a host keeps who may log in. */
export const AUTHORIZED_KEYS = `/home/${HOST_USER}/.ssh/authorized_keys`;

const readAuthorizedKeys = async (host: SshHost): Promise<string> =>
  (await host.succeed(['cat', AUTHORIZED_KEYS])).stdout;

async function editAuthorizedKeys(host: SshHost, edit: (text: string) => string): Promise<void> {
  const before = await readAuthorizedKeys(host);
  const after = edit(before);
  if (after === before) return;
  await host.writeFile(AUTHORIZED_KEYS, after, { mode: 0o600, owner: `${HOST_USER}:${HOST_USER}` });
}

function hostWith(
  { ssh, sshPort }: Pick<Rotation, 'ssh' | 'sshPort'>,
  droplet: Droplet,
  { privateKey }: FleetKey,
): SshHost {
  const access = accessOf({ port: sshPort, privateKey }, droplet);
  if (access === undefined) throw new RotationHeld(`${droplet.metadata.name} has no address`);
  return ssh.host(access);
}

const executors: Executors<RotationStep, [rotation: Rotation, ring: KeyRing]> = {
  async make(_step, { store, makeKey }, { current }) {
    await store.write({ current, next: await makeKey() });
  },
  async authorize({ host }, rotation, { current, next }) {
    const target = hostWith(rotation, dropletNamed(rotation, host), current);
    await editAuthorizedKeys(target, text => withKey(text, next!.publicKey));
  },
  async prove({ host }, rotation, { next }) {
    await hostWith(rotation, dropletNamed(rotation, host), next!).hostKey();
  },
  async upload(_step, { cloud, keyName }, { next }) {
    await createSshKeyUpload(cloud, keyName, next!.publicKey).id();
  },
  async promote(_step, { store }, { current, next }) {
    await store.write({ current: next!, previous: current });
  },
  async revoke({ host }, rotation, { current, previous }) {
    const target = hostWith(rotation, dropletNamed(rotation, host), current);
    await editAuthorizedKeys(target, text => withoutKey(text, previous!.publicKey));
  },
  async forget(_step, { store, cloud }, { current, previous }) {
    const keys = await cloud.listKeys();
    const old = keys.filter(({ publicKey }) => keyMaterial(publicKey) === keyMaterial(previous!.publicKey));
    for (const { id } of old) await deleteIfThere(cloud, id);
    await store.write({ current });
  },
};

const dropletNamed = ({ droplets }: Rotation, name: string): Droplet =>
  droplets.find(droplet => keyOf(droplet) === name)!;

async function deleteIfThere(cloud: Pick<Cloud, 'deleteKey'>, id: number): Promise<void> {
  try {
    await cloud.deleteKey(id);
  } catch (error) {
    if (!isCloudNotFound(error)) throw error;
  }
}
