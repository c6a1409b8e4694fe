import { readdir } from 'node:fs/promises';
import { expect } from 'chai';
import { keysInSecret } from '../../../cli/world/ssh-key.ts';
import { systemClock } from '../../../clients/clock.ts';
import { createKubernetesClient } from '../../../clients/kubernetes/http-client.ts';
import { SECRETS } from '../../../clients/kubernetes/kinds.ts';
import { loadConnection } from '../../../clients/kubernetes/kubeconfig.ts';
import { startSandbox } from '../../../sandbox/server.ts';
import { openWorkplace, runDropfleet, startDropfleet, type Workplace } from '../../environment/dropfleet.ts';

describe('dropfleet init with a cluster', () => {
  let place: Workplace;
  let sandbox: Awaited<ReturnType<typeof startSandbox>>;
  let api: ReturnType<typeof startDropfleet>;
  let kubeconfig: string;
  let client: ReturnType<typeof createKubernetesClient>;

  before(async () => {
    sandbox = await startSandbox({ port: 0 });
    place = await openWorkplace([], { DO_TOKEN: 'any', DIGITALOCEAN_API_URL: sandbox.url });
    api = startDropfleet(place, '--state-dir', 'elsewhere', 'standalone');
    kubeconfig = place.path((await api.says(/--kubeconfig (\S+)/))[1]!);
    const connection = await loadConnection({ kubeconfig, env: {} });
    client = createKubernetesClient(connection, { clock: systemClock, callTimeoutMs: 5_000 });
  });
  after(async () => {
    await client.close();
    await api.stop();
    await sandbox.close();
    await place.remove();
  });

  const init = async () => {
    const { stdout } = await runDropfleet(place, '--kubeconfig', kubeconfig, 'init', '--output', 'json');
    return JSON.parse(stdout) as { publicKey: string | null; account: string };
  };
  const uploaded = async (): Promise<string[]> => {
    const reply = await fetch(`${sandbox.url}/v2/account/keys`, { headers: { authorization: 'Bearer any' } });
    const { ssh_keys: keys } = (await reply.json()) as { ssh_keys: { public_key: string }[] };
    return keys.map(key => key.public_key);
  };

  it('makes and uploads no key, for that is the work of the operator', async () => {
    const { publicKey, account } = await init();
    expect(publicKey).to.equal(null);
    expect(account).to.match(/^DO_TOKEN works: .* droplets$/);
    expect((await client.list(SECRETS)).items).to.deep.equal([]);
    expect(await uploaded()).to.deep.equal([]);
  });

  it("uploads the cluster's key, once the operator has made it, and no second one", async () => {
    const { current } = await keysInSecret(client, 'default').make();
    expect((await init()).publicKey).to.equal(current.publicKey);
    expect(await uploaded()).to.deep.equal([current.publicKey]);
    expect(await readdir(place.folder)).to.not.include('.dropfleet');
  });
});
