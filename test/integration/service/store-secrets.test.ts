import { expect } from 'chai';
import { describeStored, storeSecrets, type StoredSecrets } from '../../../cli/world/store-secrets.ts';
import type { KubernetesClient } from '../../../clients/kubernetes/client.ts';
import { SECRETS } from '../../../clients/kubernetes/kinds.ts';
import { loadEnvironment } from '../../../config/environment.ts';
import { PROJECT_LABEL, STORED_KEYS_ANNOTATION } from '../../../crds/names.ts';
import { describeOnApiServers } from '../../environment/api-server.ts';
import { rejection } from '../../fakes/rejection.ts';

const SERVICES = [
  { service: 'api', secrets: ['KEY', 'db_password'] },
  { service: 'site', secrets: ['KEY'] },
];

describeOnApiServers('Secrets that only a command sees', server => {
  let kubernetes: KubernetesClient;
  let namespace: string;
  const daemon = { pid: 1, kubeconfig: '', httpUrl: '', workingDirectory: '/elsewhere' };

  beforeEach(async () => {
    kubernetes = server().client();
    namespace = await server().namespace();
  });

  const deploy = (
    env: Record<string, string>,
    parts: { daemon?: typeof daemon; dryRun?: true } = { daemon },
  ): Promise<StoredSecrets> => {
    const { settings } = loadEnvironment({ env });
    const { dryRun, ...world } = parts;
    return storeSecrets(
      { kubernetes, namespace, settings, hasCluster: false, ...world },
      { project: 'shop', environment: 'prod', services: SERVICES, ...(dryRun && { dryRun }) },
    );
  };
  const stored = async (): Promise<Record<string, string>> => {
    const { items } = await kubernetes.list(SECRETS, { namespace, labelSelector: `${PROJECT_LABEL}=shop` });
    return Object.fromEntries(
      items.flatMap(({ data = {} }) =>
        Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
      ),
    );
  };

  it('are there for the operator, exactly, and nothing else of the environment is', async () => {
    const result = await deploy({ KEY: ' a\nb ', SHOP_PROD_DB_PASSWORD: 'p', OTHER: 'x' });
    expect(result).to.deep.equal({
      secret: `${namespace}/shop-prod`,
      stored: ['DB_PASSWORD', 'KEY'],
      removed: [],
      missing: [],
    });
    expect(await stored()).to.deep.equal({ KEY: ' a\nb ', DB_PASSWORD: 'p' });
    expect(describeStored(result)).to.equal(
      `Secret ${namespace}/shop-prod now holds DB_PASSWORD, KEY, which the operator could not see.`,
    );
  });

  it('follow the next deploy, and still count when it has none', async () => {
    await deploy({ KEY: 'old', DB_PASSWORD: 'p' });
    await deploy({ KEY: 'new' });
    expect(await stored()).to.deep.equal({ KEY: 'new', DB_PASSWORD: 'p' });
    // The process that deploys is the operator now: it sees the variable itself.
    const { removed } = await deploy({ KEY: 'newer' }, {});
    expect(removed).to.deep.equal(['KEY']);
    expect(await stored()).to.deep.equal({ DB_PASSWORD: 'p' });
    const { metadata } = await kubernetes.get(SECRETS, `${namespace}/shop-prod`);
    expect(metadata.annotations?.[STORED_KEYS_ANNOTATION]).to.equal('DB_PASSWORD');
  });

  it('are not written while one is missing, or when nothing is to be done', async () => {
    const { missing } = await deploy({ DB_PASSWORD: 'p' });
    expect(missing.map(({ name, services }) => [name, services])).to.deep.equal([['KEY', ['api', 'site']]]);
    const env = { KEY: 'k', DB_PASSWORD: 'p' };
    expect((await deploy(env, { daemon, dryRun: true })).stored).to.deep.equal(['DB_PASSWORD', 'KEY']);
    expect((await deploy(env, {})).stored).to.deep.equal([]);
    expect(await stored()).to.deep.equal({});
  });

  it("are not written into another project's Secret, nor over a key of a person's", async () => {
    const env = { SHOP_PROD_KEY: 'canary', DB_PASSWORD: 'canary' };
    const metadata = { name: 'shop-prod', namespace };
    await kubernetes.create(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata });
    const error = await rejection(deploy(env));
    expect(error.message).to.match(/has no label dropfleet\.io\/project=shop: give it that/);
    await kubernetes.patch(SECRETS, `${namespace}/shop-prod`, {
      metadata: { labels: { [PROJECT_LABEL]: 'shop' } },
      data: { KEY: Buffer.from('own').toString('base64') },
    });
    const conflict = await rejection(deploy(env));
    expect(conflict.message).to.match(/^SHOP_PROD_KEY would replace the key KEY of Secret/);
    expect(await stored()).to.deep.equal({ KEY: 'own' });
  });
});
