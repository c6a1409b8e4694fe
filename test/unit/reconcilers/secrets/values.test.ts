import { inspect } from 'node:util';
import { expect } from 'chai';
import type { Secret } from '../../../../clients/kubernetes/kinds.ts';
import { loadEnvironment } from '../../../../config/environment.ts';
import { SecretText } from '../../../../config/secret-text.ts';
import type { ServiceDeployment } from '../../../../crds/service-deployment.ts';
import { secretsOf, type SecretsContext } from '../../../../reconcilers/secrets/values.ts';
import { aServiceDeployment } from '../../../builders/objects.ts';

type Data = Record<string, string | Buffer>;

const aSecret = (name: string, data: Data, project = 'shop'): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'ops', labels: { 'dropfleet.io/project': project } },
  data: Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  ),
});

/** What services are given, with that environment and those Secrets. */
function contextOf(
  env: Record<string, string>,
  secrets: readonly Secret[] = [],
  key = 'private key',
): SecretsContext {
  const { settings } = loadEnvironment({ env });
  return {
    variables: {
      sourceOf: settings.sourceOf,
      valueOf: name => {
        const value = settings.variable(name);
        return value === undefined ? undefined : new SecretText(value);
      },
    },
    secrets: { get: key => secrets.find(({ metadata }) => `ops/${metadata.name}` === key) },
    namespace: 'ops',
    privateKey: new SecretText(key),
  };
}

const aService = (secrets: string[], name = 'shop-prod-api'): ServiceDeployment =>
  aServiceDeployment(name, {}, { spec: { secrets } });

const valuesOf = (context: SecretsContext, names: string[]) =>
  secretsOf(context, aService(names)).values.map(([name, value]) => [name, value.reveal()]);

describe('The secrets of a service', () => {
  it('include the login of its image, which its containers do not get and no release depends on', () => {
    const imageLogin = { username: 'ci', secret: 'REGISTRY_TOKEN' };
    const service = aServiceDeployment('shop-prod-api', {}, { spec: { secrets: ['A'], imageLogin } });
    const of = (token: object) => secretsOf(contextOf({ A: 'a', ...token }), service);
    const found = of({ REGISTRY_TOKEN: 'for all', SHOP_REGISTRY_TOKEN: 's3cret' });
    expect(found.imageLogin!.password.reveal()).to.equal('s3cret');
    expect(found.imageLogin!.username).to.equal('ci');
    expect(found.values.map(([name]) => name)).to.deep.equal(['A']);
    expect(of({}).imageLogin).to.equal(undefined);
    expect(of({}).missing, 'what runs needs none').to.deep.equal([]);
    expect(of({}).digest).to.equal(found.digest);
    expect(inspect(found)).to.not.contain('s3cret');
  });

  it('come from the most specific place that has one, under upper-case names in their order', () => {
    const secrets = [
      aSecret('shop-prod', { B: 'B of shop-prod', C: 'C' }),
      aSecret('shop', { A: 'A of shop' }),
    ];
    const env = { SHOP_PROD_B: 'B of variable', SHOP_A: '', PROD_A: 'unused', C: 'unused', D: 'D of all' };
    expect(valuesOf(contextOf(env, secrets), ['d', 'B', 'a', 'C', 'b'])).to.deep.equal([
      ['A', 'A of shop'],
      ['B', 'B of variable'],
      ['C', 'C'],
      ['D', 'D of all'],
    ]);
  });

  it("are looked for in the operator's namespace, which they name where it is not the service's", () => {
    const there = aServiceDeployment('shop-prod-api', {}, { metadata: { namespace: 'ops' } });
    expect(secretsOf(contextOf({}), there).elsewhere).to.equal(undefined);
    const other = aServiceDeployment('shop-prod-api', {}, { metadata: { namespace: 'team' } });
    expect(secretsOf(contextOf({}), other).elsewhere).to.equal('ops');
  });

  it('have their values exactly as they were set', () => {
    const value = ' a "b"\r\nc # d\n';
    const context = contextOf({ A: value }, [aSecret('shop', { B: value })]);
    expect(valuesOf(context, ['A', 'B'])).to.deep.equal([
      ['A', value],
      ['B', value],
    ]);
  });

  it('are missing, with every place, when they are nowhere or nothing but white space', () => {
    const context = contextOf({ A: ' \n' }, [
      aSecret('shop', { A: ' ' }),
      aSecret('shop-prod', { B: 'b' }, 'blog'),
    ]);
    const { values, missing } = secretsOf(context, aService(['A', 'B']));
    expect(values).to.deep.equal([]);
    expect(missing.map(({ name, places, empty }) => [name, places.length, empty.length])).to.deep.equal([
      ['A', 6, 2],
      ['B', 6, 0],
    ]);
  });

  it("are never dropfleet's own settings, by whatever name they are asked for", () => {
    const context = contextOf({ DO_TOKEN: 'canary', ADMIN_IP: '10.0.0.1', DROPFLEET_FLEET: 'a' });
    const { values, missing, refused } = secretsOf(
      context,
      aService(['do_token', 'DROPFLEET_VERSION', 'ADMIN_IP']),
    );
    expect([values, missing]).to.deep.equal([[], []]);
    expect(refused).to.have.length(3);
    expect(refused.join()).to.include("DO_TOKEN is dropfleet's own setting").and.not.include('canary');
    // The project do has a TOKEN: not that one.
    const token = secretsOf(context, aServiceDeployment('do-prod-api', {}, { spec: { secrets: ['TOKEN'] } }));
    expect(token.values).to.deep.equal([]);
    expect(token.missing.map(({ name }) => name)).to.deep.equal(['TOKEN']);
  });

  it('are refused when they are bytes that no variable can hold', () => {
    const secrets = [aSecret('shop', { A: Buffer.from([0xff, 0xfe]), B: 'a\0b', C: 'ünï' })];
    const { values, missing, refused } = secretsOf(contextOf({}, secrets), aService(['A', 'B', 'C']));
    expect(values.map(([name]) => name)).to.deep.equal(['C']);
    expect(missing).to.deep.equal([]);
    expect(refused).to.have.length(2);
    expect(refused[0]).to.match(/^key A of Secret shop is not text/);
  });

  it('show no value when they are printed', () => {
    const secrets = secretsOf(
      contextOf({ A: 'canary' }, [aSecret('shop', { B: 'canary' })]),
      aService(['A', 'B']),
    );
    expect(secrets.values).to.have.length(2);
    for (const text of [inspect(secrets, { depth: Infinity }), JSON.stringify(secrets)])
      expect(text).to.not.include('canary').and.not.include(Buffer.from('canary').toString('base64'));
  });
});

describe("The digest of a service's secrets", () => {
  const digestOf = (env: Record<string, string>, names: string[], key?: string, name?: string) =>
    secretsOf(contextOf(env, [], key), aService(names, name)).digest;

  it('is 16 hex digits, the same for the same secrets wherever they come from', () => {
    const digest = digestOf({ A: 'a', B: 'b' }, ['A', 'B']);
    expect(digest).to.match(/^[0-9a-f]{16}$/);
    expect(digestOf({ SHOP_PROD_A: 'a', SHOP_B: 'b' }, ['b', 'a'])).to.equal(digest);
    expect(
      secretsOf(contextOf({}, [aSecret('shop', { A: 'a', B: 'b' })]), aService(['A', 'B'])).digest,
    ).to.equal(digest);
  });

  it('is another one for another value, name, number of secrets, service or key', () => {
    const digests = [
      digestOf({ A: 'a', B: 'b' }, ['A', 'B']),
      digestOf({ A: 'a', B: 'b ' }, ['A', 'B']),
      digestOf({ A: 'a', C: 'b' }, ['A', 'C']),
      digestOf({ A: 'a' }, ['A', 'B']),
      digestOf({ A: 'a","B","b' }, ['A']),
      digestOf({}, []),
      digestOf({ A: 'a', B: 'b' }, ['A', 'B'], 'another key'),
      digestOf({ A: 'a', B: 'b' }, ['A', 'B'], undefined, 'shop-prod-site'),
    ];
    expect(new Set(digests).size).to.equal(digests.length);
  });
});
