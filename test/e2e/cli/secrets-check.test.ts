import { expect } from 'chai';
import { readdir, writeFile } from 'node:fs/promises';
import { systemClock } from '../../../clients/clock.ts';
import { createKubernetesClient } from '../../../clients/kubernetes/http-client.ts';
import { SECRETS } from '../../../clients/kubernetes/kinds.ts';
import { loadConnection } from '../../../clients/kubernetes/kubeconfig.ts';
import type { SecretsReport } from '../../../cli/show/secrets-table.ts';
import { startStandalone } from '../../../standalone/server.ts';
import { openWorkplace, runDropfleet, type Ending, type Workplace } from '../../environment/dropfleet.ts';

/** In every value; it may be seen nowhere, in no spelling. */
const CANARY = 'canary-7f3a91';
const SPELLINGS = [CANARY, CANARY.toUpperCase(), Buffer.from(CANARY).toString('base64').slice(0, -2)];

const DEPLOYMENT = {
  projects: {
    shop: {
      services: {
        website: { secrets: ['db_password', 'STRIPE_KEY'] },
        mailer: { type: 'worker', secrets: ['DB_PASSWORD', 'SMTP_KEY'] },
        static: {},
      },
    },
    blog: { services: { website: {} } },
  },
};

describe('dropfleet secrets check', () => {
  let place: Workplace;
  let api: Awaited<ReturnType<typeof startStandalone>> | undefined;

  const check = async (...args: string[]): Promise<Ending> => {
    const ending = await runDropfleet(place, 'secrets', 'check', ...args);
    for (const spelling of SPELLINGS) expect(ending.stdout + ending.stderr).not.to.include(spelling);
    return ending;
  };
  const report = async (...args: string[]): Promise<SecretsReport> =>
    JSON.parse((await check(...args, '--output', 'json')).stdout) as SecretsReport;
  const deployment = (value: unknown): Promise<void> =>
    writeFile(place.path('config', 'deployment_config.json'), JSON.stringify(value));

  async function makeSecrets(kubeconfig: string): Promise<void> {
    const connection = await loadConnection({ kubeconfig, env: {} });
    const client = createKubernetesClient(connection, { clock: systemClock, callTimeoutMs: 30_000 });
    const make = (name: string, labels: Record<string, string>, ...keys: string[]) =>
      client.create(SECRETS, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name, namespace: 'default', labels },
        stringData: Object.fromEntries(keys.map(key => [key, CANARY])),
      });
    await make('shop-prod', { 'dropfleet.io/project': 'shop' }, 'DB_PASSWORD');
    await make('shop-test', {}, 'DB_PASSWORD');
    await client.close();
  }

  before(async () => {
    place = await openWorkplace(['shop,2,,'], { PROD_STRIPE_KEY: CANARY });
    await deployment(DEPLOYMENT);
    await writeFile(place.path('.env'), `SHOP_DB_PASSWORD=${CANARY}\nSHOP_PROD_SMTP_KEY=" "\n`);
  });
  after(async () => {
    await api?.close();
    await place.remove();
  });

  describe('where there is no Kubernetes API yet', () => {
    it('goes by the environment and .env, says so, and makes nothing', async () => {
      const { stdout, stderr, code } = await check('shop', 'prod');
      expect(stdout.split('\n')).to.deep.equal([
        'SERVICE  SECRET       FROM',
        'website  DB_PASSWORD  SHOP_DB_PASSWORD in .env',
        'website  STRIPE_KEY   PROD_STRIPE_KEY in the environment',
        'mailer   DB_PASSWORD  SHOP_DB_PASSWORD in .env',
        'mailer   SMTP_KEY     missing (empty: SHOP_PROD_SMTP_KEY in .env)',
        '',
        'Kubernetes Secrets were not looked at: no cluster is named, and there is no state in .dropfleet/sandbox yet. A more specific one would win.',
        '',
        'Missing: SMTP_KEY. Looked for, the first that is not empty wins:',
        '  SMTP_KEY of mailer',
        '    SHOP_PROD_SMTP_KEY in .env, which is empty',
        '    Secret shop-prod, key SMTP_KEY',
        '    SHOP_SMTP_KEY',
        '    Secret shop, key SMTP_KEY',
        '    PROD_SMTP_KEY',
        '    SMTP_KEY',
        'Set one of each, in .env or the environment, or in a Secret with the label dropfleet.io/project=shop; then try again: npx dropfleet secrets check shop prod',
        '',
      ]);
      expect({ stderr, code }).to.deep.equal({ stderr: '', code: 1 });
      expect((await readdir(place.folder)).toSorted()).to.deep.equal(['.env', 'config']);
    });

    it('names every secret that is missing at once, with who lacks it', async () => {
      const { complete, missing } = await report('shop', 'uat');
      expect(complete).to.equal(false);
      expect(missing.map(({ name, services }) => [name, services])).to.deep.equal([
        ['STRIPE_KEY', ['website']],
        ['SMTP_KEY', ['mailer']],
      ]);
    });

    it('exits 0 when all that was asked for is there, or nothing is needed', async () => {
      expect(await check('shop', 'prod', 'website')).to.include({ code: 0, stderr: '' });
      const { stdout, code } = await check('blog', 'prod');
      expect(stdout).to.match(/\nThe services of blog have no secrets\.\n$/);
      expect(code).to.equal(0);
    });

    it('says what there is when it is asked for something else', async () => {
      expect(await check('shap', 'prod')).to.deep.include({
        code: 1,
        stderr:
          'dropfleet: config/deployment_config.json has no services of project shap; known are shop, blog; did you mean "shop"?\n',
      });
      expect((await check('shop', 'prod', 'mail')).stderr).to.equal(
        'dropfleet: project shop has no service mail; known are website, mailer, static\n',
      );
      const environment = await check('shop', 'live');
      expect(environment.stderr).to.match(/Allowed choices are prod, uat, test\./);
      expect(environment.code).to.equal(2);
    });

    it('shows no value that stands where a name should, or in a .env that cannot be read', async () => {
      try {
        await deployment({ projects: { shop: { services: { website: { secrets: [`KEY=${CANARY}`] } } } } });
        expect(await check('shop', 'prod')).to.include({ code: 1, stdout: '' });
      } finally {
        await deployment(DEPLOYMENT);
      }
      const broken = await openWorkplace(['shop,2,,']);
      try {
        await writeFile(broken.path('.env'), `DB_PASSWORD="${CANARY}\nOTHER=${CANARY}\n`);
        await writeFile(broken.path('config', 'deployment_config.json'), JSON.stringify(DEPLOYMENT));
        const { code, stderr, stdout } = await runDropfleet(broken, 'secrets', 'check', 'shop', 'prod');
        expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
        for (const spelling of SPELLINGS) expect(stderr).not.to.include(spelling);
      } finally {
        await broken.remove();
      }
    });
  });

  describe('with a Kubernetes API', () => {
    let kubeconfig: string;
    before(async () => {
      api = await startStandalone({ stateDir: place.path('.dropfleet', 'sandbox', 'kubernetes'), port: 0 });
      ({ kubeconfig } = api);
      await makeSecrets(kubeconfig);
    });

    it("takes the Secret of project and environment over the project's variable, and locks nothing", async () => {
      const { kubernetes, secrets } = await report('shop', 'prod', 'website');
      expect(kubernetes).to.deep.equal({
        isRead: true,
        api: 'standalone (.dropfleet/sandbox)',
        namespace: 'default',
        unused: [],
      });
      expect(secrets.map(({ from }) => from)).to.deep.equal([
        { secret: 'shop-prod', key: 'DB_PASSWORD', source: 'kubernetes' },
        { variable: 'PROD_STRIPE_KEY', source: 'environment' },
      ]);
    });

    it("asks a cluster that is named, for which no token is needed, and leaves others' Secrets alone", async () => {
      const { stdout, code } = await check('--kubeconfig', kubeconfig, 'shop', 'prod', 'website');
      expect(stdout).to.match(/^website +DB_PASSWORD +Secret shop-prod, key DB_PASSWORD$/m);
      expect(code).to.equal(0);
      const other = await check('--kubeconfig', kubeconfig, 'shop', 'test');
      expect(other.stdout).to.match(/^website +DB_PASSWORD +SHOP_DB_PASSWORD in \.env$/m);
      expect(other.stdout).to.match(
        /^Secret shop-test is not used: it has no label dropfleet\.io\/project=shop; give it that, if it is this project's\.$/m,
      );
    });

    it('goes by the environment and .env when the cluster cannot be reached', async () => {
      await api?.close();
      api = undefined;
      const { stdout, code } = await check('--kubeconfig', kubeconfig, 'shop', 'prod', 'website');
      expect(stdout).to.match(/^website +DB_PASSWORD +SHOP_DB_PASSWORD in \.env$/m);
      expect(stdout).to.match(/^Kubernetes Secrets were not looked at: cannot reach the Kubernetes API at /m);
      expect(code).to.equal(0);
    });
  });
});
