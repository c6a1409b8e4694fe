import { expect } from 'chai';
import { systemClock } from '../../../clients/clock.ts';
import type { KubernetesClient } from '../../../clients/kubernetes/client.ts';
import { createInformer } from '../../../clients/kubernetes/informer.ts';
import { SECRETS, type Secret } from '../../../clients/kubernetes/kinds.ts';
import { SecretText } from '../../../config/secret-text.ts';
import { secrets as concern } from '../../../controllers/secrets.ts';
import { PROJECT_LABEL } from '../../../crds/names.ts';
import type { ServiceDeployment } from '../../../crds/service-deployment.ts';
import { createSecretSource, type SecretSource } from '../../../reconcilers/secrets/source.ts';
import { aServiceDeployment } from '../../builders/objects.ts';
import { describeOnApiServers } from '../../environment/api-server.ts';
import { fakeLogger } from '../../fakes/logger.ts';

describeOnApiServers('The source of secrets', server => {
  let client: KubernetesClient;
  let namespace: string;
  let stop: AbortController;
  let source: SecretSource;
  let services: ServiceDeployment[];
  let variables: Record<string, string>;

  const aSecret = (name: string, project: string | undefined, value: string): Secret => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, ...(project && { labels: { [PROJECT_LABEL]: project } }) },
    data: { KEY: Buffer.from(value).toString('base64') },
  });
  const keyValue = (service: ServiceDeployment): string | undefined =>
    source.of(service).values[0]?.[1].reveal();
  /** The services that are named next. */
  const told = (): Promise<readonly string[]> =>
    new Promise(resolve => {
      const end = source.subscribe(keys => {
        end();
        resolve(keys);
      });
    });

  beforeEach(async () => {
    client = server().client();
    namespace = await server().namespace();
    stop = new AbortController();
    variables = {};
    services = ['shop-prod-api', 'shop-uat-api', 'blog-prod-site'].map(name =>
      aServiceDeployment(name, {}, { metadata: { namespace }, spec: { secrets: ['KEY'] } }),
    );
    services.push(aServiceDeployment('shop-prod-plain', {}, { metadata: { namespace } }));
    const log = fakeLogger();
    const selection = concern.narrows!.find(({ kind }) => kind.kind === 'Secret')!.select(namespace);
    const secrets = createInformer(client, SECRETS, {
      selection,
      clock: systemClock,
      random: Math.random,
      log,
    });
    source = createSecretSource({
      variables: {
        sourceOf: name => (variables[name] ? { source: 'environment', isEmpty: false } : undefined),
        valueOf: name => new SecretText(variables[name]!),
      },
      secrets,
      services: { list: () => services },
      namespace,
      privateKey: new SecretText('key'),
    });
    secrets.start(stop.signal);
    await secrets.synced();
  });
  afterEach(() => stop.abort());

  it("follows the Secrets with a project's label, and names the services of that project that have secrets", async () => {
    const before = source.of(services[0]!);
    expect(before.missing.map(({ name }) => name)).to.deep.equal(['KEY']);
    let next = told();
    await client.create(SECRETS, aSecret('shop-prod', 'shop', 'first'));
    expect(await next).to.deep.equal([`${namespace}/shop-prod-api`, `${namespace}/shop-uat-api`]);
    expect(services.map(keyValue)).to.deep.equal(['first', undefined, undefined, undefined]);
    const { digest } = source.of(services[0]!);
    next = told();
    const data = { KEY: Buffer.from('second').toString('base64') };
    await client.patch(SECRETS, `${namespace}/shop-prod`, { data });
    await next;
    expect(keyValue(services[0]!)).to.equal('second');
    expect(source.of(services[0]!).digest).to.not.equal(digest);
    next = told();
    await client.delete(SECRETS, `${namespace}/shop-prod`);
    await next;
    expect(source.of(services[0]!)).to.deep.equal(before);
  });

  it('sees no Secret without a label, whatever its name', async () => {
    await client.create(SECRETS, aSecret('shop-prod', undefined, 'foreign'));
    const next = told();
    await client.create(SECRETS, aSecret('blog', 'blog', 'own'));
    expect(await next).to.deep.equal([`${namespace}/blog-prod-site`]);
    expect(services.map(keyValue)).to.deep.equal([undefined, undefined, 'own', undefined]);
  });

  it('names the services of both projects when a Secret changes hands', async () => {
    let next = told();
    await client.create(SECRETS, aSecret('shop', 'shop', 'value'));
    await next;
    next = told();
    await client.patch(SECRETS, `${namespace}/shop`, { metadata: { labels: { [PROJECT_LABEL]: 'blog' } } });
    expect(await next).to.have.length(3);
  });

  it('names all services that have secrets when variables may have changed', async () => {
    const next = told();
    variables['SHOP_KEY'] = 'of a variable';
    source.variablesChanged();
    expect(await next).to.have.length(3);
    expect(services.map(keyValue)).to.deep.equal(['of a variable', 'of a variable', undefined, undefined]);
  });
});
