import { inspect } from 'node:util';
import { expect } from 'chai';
import { KubernetesError } from '../../../../clients/kubernetes/errors.ts';
import type { Secret } from '../../../../clients/kubernetes/kinds.ts';
import { observeSecrets } from '../../../../reconcilers/secrets/observe.ts';
import { fakeKubernetesClient } from '../../../fakes/kubernetes-client.ts';
import { rejection } from '../../../fakes/rejection.ts';

const CANARY = 'canary-7f3a';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const aSecret = (
  name: string,
  data: Record<string, string>,
  labels: Record<string, string> = {},
): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'ops', labels },
  data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])),
});

describe("A project's Secrets", () => {
  it('are those of the project and environment and of the project, without a value', async () => {
    const kubernetes = fakeKubernetesClient([
      aSecret('shop-prod', { KEY: CANARY, EMPTY: '', BLANK: ' \n' }, { 'dropfleet.io/project': 'shop' }),
      aSecret('shop', { KEY: CANARY }),
      aSecret('shop-uat', { KEY: CANARY }),
    ]);
    const secrets = await observeSecrets(kubernetes, 'ops', 'shop', 'prod');
    expect(secrets).to.deep.equal([
      {
        name: 'shop-prod',
        project: 'shop',
        keys: new Map([
          ['KEY', { isEmpty: false }],
          ['EMPTY', { isEmpty: true }],
          ['BLANK', { isEmpty: true }],
        ]),
      },
      { name: 'shop', keys: new Map([['KEY', { isEmpty: false }]]) },
    ]);
    const shown = inspect(secrets, { depth: Infinity });
    for (const text of [CANARY, base64(CANARY)]) expect(shown).not.to.include(text);
    expect(kubernetes.calls.map(({ verb, key }) => `${verb} ${key}`)).to.deep.equal([
      'get ops/shop-prod',
      'get ops/shop',
    ]);
  });

  it('are none where there are none, and a failure where they cannot be read', async () => {
    const kubernetes = fakeKubernetesClient();
    expect(await observeSecrets(kubernetes, 'ops', 'shop', 'prod')).to.deep.equal([]);
    const call = { method: 'GET', path: '/api' };
    kubernetes.failNext('get', new KubernetesError('no', call, { code: 403, reason: 'Forbidden' }));
    expect(await rejection(observeSecrets(kubernetes, 'ops', 'shop', 'prod'))).to.include({ code: 403 });
  });
});
