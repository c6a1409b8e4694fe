import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DROPLETS, SERVICE_DEPLOYMENTS } from '../../../clients/kubernetes/kinds.ts';
import { loadCrds } from '../../../crds/schema.ts';
import { aDroplet, aServiceDeployment } from '../../builders/objects.ts';
import { describeOnCurrentApiServer } from '../../environment/api-server.ts';
import { createKubectl, type Kubectl } from '../../environment/kubectl.ts';

const DEPLOY = fileURLToPath(new URL('../../../deploy', import.meta.url));
const WEB = 'shop-web1';
const API = 'shop-prod-api';

/** What each CEL rule refuses of an object that is there, by the field that it is about. */
const EDITS = [
  { of: `droplet/${WEB}`, edit: { project: 'other' }, says: 'project cannot be changed' },
  { of: `droplet/${WEB}`, edit: { role: 'master' }, says: 'role cannot be changed' },
  { of: `droplet/${WEB}`, edit: { region: 'ams3' }, says: 'region cannot be changed' },
  { of: `servicedeployment/${API}`, edit: { project: 'other' }, says: 'create another ServiceDeployment' },
  { of: `servicedeployment/${API}`, edit: { environment: 'uat' }, says: 'create another ServiceDeployment' },
  { of: `servicedeployment/${API}`, edit: { service: 'other' }, says: 'create another ServiceDeployment' },
] as const;

describeOnCurrentApiServer(
  'A cluster of today',
  server => {
    let kubectl: Kubectl;
    let folder: string;

    before(async () => {
      const namespace = await server().namespace();
      folder = await mkdtemp(join(tmpdir(), 'dropfleet-current-'));
      kubectl = createKubectl(server(), namespace, folder);
      const client = server().client();
      const [web, api] = [aDroplet(WEB), aServiceDeployment(API)];
      await client.create(DROPLETS, { ...web, metadata: { name: WEB, namespace } });
      await client.create(SERVICE_DEPLOYMENTS, { ...api, metadata: { name: API, namespace } });
    });
    after(() => rm(folder, { recursive: true }));

    for (const { of, edit, says } of EDITS)
      it(`refuses another ${Object.keys(edit)[0]} of a ${of.split('/')[0]} by its rule`, async () => {
        const patch = JSON.stringify({ spec: edit });
        const { code, stderr } = await kubectl.run('patch', of, '--type=merge', '-p', patch);
        expect(stderr).to.contain(says);
        expect(code).to.equal(1);
      });

    it('has no other rules than those', () => {
      const rules = loadCrds().flatMap(crd => JSON.stringify(crd).match(/oldSelf\.\w+/g) ?? []);
      expect(rules).to.have.length(EDITS.length);
    });

    it('takes the manifests without a warning', async () => {
      const apply = ['apply', '--server-side', '--force-conflicts', '-k', DEPLOY];
      const { code, stderr } = await createKubectl(server(), 'dropfleet', folder).run(...apply);
      expect(stderr).to.equal('');
      expect(code).to.equal(0);
    });
  },
  // It has no Deployments, and of CEL these very rules alone.
  { isOnStandalone: false },
);
