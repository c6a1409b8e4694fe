import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { LEADER_LEASE } from '../../../cli/world/leader.ts';
import { loadCrds } from '../../../crds/schema.ts';

const ROOT = new URL('../../../', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string };
}
interface Role extends Manifest {
  rules: { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] }[];
}
interface Container {
  image: string;
  args: string[];
  securityContext: { readOnlyRootFilesystem: boolean; capabilities: { drop: string[] } };
  volumeMounts: { name: string; mountPath: string; subPath?: string }[];
}
interface Selector {
  matchLabels: Record<string, string>;
}
interface Budget extends Manifest {
  spec: { maxUnavailable: number; selector: Selector };
}
interface Service extends Manifest {
  metadata: Manifest['metadata'] & { annotations?: Record<string, string> };
  spec: { selector: Record<string, string> };
}
interface Deployment extends Manifest {
  spec: {
    replicas: number;
    selector: Selector;
    template: {
      metadata: { labels: Record<string, string> };
      spec: {
        topologySpreadConstraints?: { topologyKey: string; labelSelector: Selector }[];
        securityContext: { runAsNonRoot: boolean };
        containers: Container[];
      };
    };
  };
}

const manifestsIn = (text: string): Manifest[] =>
  parseAllDocuments(text).map(document => document.toJS() as Manifest);

describe('the manifests in deploy/', () => {
  it('are what kubectl apply -k makes of them, with the nouns and the namespace first', function () {
    const kubectl = spawnSync('kubectl', ['kustomize', new URL('deploy/', ROOT).pathname], {
      encoding: 'utf8',
    });
    if (kubectl.error !== undefined) return this.skip();
    expect(kubectl.stderr).to.equal('');
    const manifests = manifestsIn(kubectl.stdout);
    expect(manifests.map(({ kind }) => kind).slice(0, 4)).to.deep.equal([
      'Namespace',
      ...loadCrds().map(({ kind }) => kind),
    ]);
    const elsewhere = manifests.filter(({ metadata }) => (metadata.namespace ?? 'dropfleet') !== 'dropfleet');
    expect(elsewhere).to.deep.equal([]);
    expect(JSON.stringify(manifests)).to.contain('"image":"dropfleet:');
  });

  it('name every file that they need, so that none is forgotten', () => {
    const { resources } = parseAllDocuments(textOf('deploy/kustomization.yaml'))[0]!.toJS() as {
      resources: string[];
    };
    const files = readdirSync(new URL('deploy/', ROOT)).filter(file => file.endsWith('.yaml'));
    expect(new Set(['kustomization.yaml', ...resources])).to.deep.equal(new Set([...files, '../crds']));
  });

  it('let the operator do what it does with every noun, and see secrets in its own namespace only', () => {
    const roles = manifestsIn(textOf('deploy/roles.yaml')) as Role[];
    const nouns = loadCrds().map(crd => crd.spec.names.plural);
    const clusterRules = roles.find(({ kind }) => kind === 'ClusterRole')!.rules;
    const allowed = clusterRules
      .filter(({ apiGroups }) => apiGroups[0] === 'dropfleet.io')
      .flatMap(({ resources, verbs }) => resources.flatMap(of => verbs.map(verb => `${verb} ${of}`)));
    const needed = nouns.flatMap(noun => [
      ...['get', 'list', 'watch', 'create', 'patch', 'delete'].map(verb => `${verb} ${noun}`),
      `patch ${noun}/status`,
      `update ${noun}/finalizers`,
    ]);
    expect(allowed).to.have.members(needed);
    expect(clusterRules.flatMap(({ resources }) => resources)).not.to.include('secrets');
    expect(JSON.stringify(roles)).not.to.contain('"*"');
  });

  it("let the operator see no Lease outside of its namespace but its like's, and write none there", () => {
    const roles = manifestsIn(textOf('deploy/roles.yaml')) as Role[];
    const rulesOf = (kind: string, resource: string): Role['rules'] =>
      roles
        .filter(role => role.kind === kind)
        .flatMap(({ rules }) => rules.filter(({ resources }) => resources.includes(resource)));
    expect(rulesOf('ClusterRole', 'leases')).to.deep.equal([
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        resourceNames: [LEADER_LEASE],
        verbs: ['get', 'list', 'watch'],
      },
    ]);
    expect(rulesOf('Role', 'leases')[0]!.verbs).to.include.members(['get', 'create', 'update']);
    const configMaps = rulesOf('Role', 'configmaps').flatMap(({ verbs }) => verbs);
    expect(configMaps).to.have.members(['get', 'list', 'watch', 'create', 'patch']);
    expect(rulesOf('ClusterRole', 'configmaps')).to.deep.equal([]);
  });

  it('let the operator read all that the ConfigMap holds', () => {
    const [deployment] = manifestsIn(textOf('deploy/deployment.yaml')) as [Deployment];
    const [{ args, volumeMounts }] = deployment.spec.template.spec.containers as [Container];
    const { mountPath } = volumeMounts.find(({ name }) => name === 'config')!;
    expect(args).to.include.members([`--config-dir=${mountPath}`, `--csv=${mountPath}/projects.csv`]);
  });

  it('run the operator without root, on a root file system that it cannot write', () => {
    const [deployment] = manifestsIn(textOf('deploy/deployment.yaml')) as [Deployment];
    const { securityContext, containers } = deployment.spec.template.spec;
    expect(securityContext.runAsNonRoot).to.equal(true);
    expect(containers[0]!.securityContext).to.deep.include({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('mount projects.csv as a folder, as a single file would never be updated', () => {
    const [deployment] = manifestsIn(textOf('deploy/deployment.yaml')) as [Deployment];
    const mount = deployment.spec.template.spec.containers[0]!.volumeMounts.find(
      ({ name }) => name === 'config',
    );
    expect(mount).to.deep.equal({ name: 'config', mountPath: '/etc/dropfleet', readOnly: true });
  });

  it('keep one monitor when nodes are drained, and spread them over nodes and zones', () => {
    const [monitor] = manifestsIn(textOf('deploy/monitor.yaml')) as [Deployment];
    const [budget] = manifestsIn(textOf('deploy/disruption-budget.yaml')) as [Budget];
    const { replicas, template, selector } = monitor.spec;
    expect(budget.spec.selector).to.deep.equal(selector);
    expect(replicas - budget.spec.maxUnavailable).to.equal(1);
    const spread = template.spec.topologySpreadConstraints!;
    expect(spread.map(({ topologyKey }) => topologyKey)).to.deep.equal([
      'kubernetes.io/hostname',
      'topology.kubernetes.io/zone',
    ]);
    for (const { labelSelector } of spread) expect(labelSelector).to.deep.equal(selector);
  });

  it("let Prometheus find the operator's metrics and every monitor's, at the port that they listen on", () => {
    const services = manifestsIn(textOf('deploy/service.yaml')) as Service[];
    for (const file of ['deploy/deployment.yaml', 'deploy/monitor.yaml']) {
      const [{ spec }] = manifestsIn(textOf(file)) as [Deployment];
      const { labels } = spec.template.metadata;
      const service = services.find(other => isDeepStrictEqual(other.spec.selector, labels));
      const port = service?.metadata.annotations?.['prometheus.io/port'];
      expect(spec.template.spec.containers[0]!.args, file).to.include(`--http-port=${port}`);
    }
  });

  it('have samples that the CRD knows', () => {
    const [project] = loadCrds();
    const { properties, required } = project!.spec.versions[0].schema.openAPIV3Schema.properties!['spec']!;
    for (const sample of manifestsIn(textOf('deploy/samples/projects.yaml'))) {
      const spec = (sample as Manifest & { spec: object }).spec;
      expect(Object.keys(properties!)).to.include.members(Object.keys(spec));
      expect(spec).to.include.keys(required!);
    }
  });
});

describe('the image', () => {
  const copied = [...textOf('Dockerfile').matchAll(/^COPY (\w+) \.\/\1$/gm)].map(([, room]) => room!);
  const rooms = [
    'cli',
    'clients',
    'config',
    'controllers',
    'crds',
    'page',
    'reconcilers',
    'sandbox',
    'standalone',
  ];

  it('has every room of the product, and its builder is given them', () => {
    expect(copied.sort()).to.deep.equal(rooms);
    const given = textOf('.dockerignore').split('\n');
    expect(given).to.include.members(['*', ...rooms.map(room => `!${room}`)]);
  });

  it('is never given .env, the state or the configuration of whoever builds it', () => {
    const given = textOf('.dockerignore').split('\n');
    expect(given).to.include.members(['config/*.csv', 'config/*.json']);
    expect(given.filter(line => line.startsWith('!')).join()).not.to.match(/\.env|\.dropfleet|\.git/);
  });

  it('runs as a user that is not root', () => {
    expect(textOf('Dockerfile')).to.match(/^USER 1000:1000$/m);
  });
});
