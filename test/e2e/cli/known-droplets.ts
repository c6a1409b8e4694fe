import { mkdir, writeFile } from 'node:fs/promises';
import { systemClock } from '../../../clients/clock.ts';
import { createKubernetesClient } from '../../../clients/kubernetes/http-client.ts';
import { DROPLETS } from '../../../clients/kubernetes/kinds.ts';
import { loadConnection } from '../../../clients/kubernetes/kubeconfig.ts';
import type { SshKeyPair } from '../../../clients/ssh/key-pair.ts';
import type { DropletStatus } from '../../../crds/droplet.ts';
import { startStandalone } from '../../../standalone/server.ts';
import { aDroplet } from '../../builders/objects.ts';
import type { Workplace } from '../../environment/dropfleet.ts';

/** Makes that pair the fleet's. */
export async function writeKey(place: Workplace, { privateKey, publicKey }: SshKeyPair): Promise<void> {
  const folder = place.path('.dropfleet', 'digitalocean', 'ssh');
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/id_ed25519`, privateKey, { mode: 0o600 });
  await writeFile(`${folder}/id_ed25519.pub`, publicKey);
}

/** Puts Droplets into the place's own standalone API, as an operator leaves them. */
export async function writeDroplets(
  place: Workplace,
  statuses: Record<string, DropletStatus>,
): Promise<void> {
  const stateDir = place.path('.dropfleet', 'digitalocean', 'kubernetes');
  await mkdir(stateDir, { recursive: true });
  const api = await startStandalone({ stateDir, port: 0 });
  const connection = await loadConnection({ kubeconfig: api.kubeconfig, env: {} });
  const client = createKubernetesClient(connection, { clock: systemClock, callTimeoutMs: 60_000 });
  for (const [name, status] of Object.entries(statuses)) {
    const { metadata, ...droplet } = aDroplet(name);
    const { namespace, labels } = metadata;
    await client.create(DROPLETS, { ...droplet, metadata: { name, namespace: namespace!, labels: labels! } });
    await client.patch(DROPLETS, `${namespace}/${name}`, { status }, { subresource: 'status' });
  }
  await client.close();
  await api.close();
}
