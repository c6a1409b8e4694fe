// What votes and vouches have in common: each is a Lease about one server, in the operator's namespace.
import type { Lease } from '../../clients/kubernetes/kinds.ts';
import { splitKey, type ObjectKey } from '../../crds/meta.ts';
import { API_VERSION, GROUP, PROJECT_LABEL } from '../../crds/names.ts';
import type { Droplet } from '../../crds/droplet.ts';

/** On each: the name of the Droplet that it is about. */
const TARGET_LABEL = `${GROUP}/target`;
/** On each: the namespace of that Droplet; the Lease itself is in the operator's. */
const TARGET_NAMESPACE_LABEL = `${GROUP}/target-namespace`;

/** Whom such a Lease is about. */
export interface Subject {
  /** `namespace/name` of the Droplet. */
  target: ObjectKey;
  project: string;
}

/** What such a Lease says besides. */
export interface Word {
  name: string;
  /** The operator's own, where alone it may write Leases. */
  namespace: string;
  labels: Readonly<Record<string, string>>;
  spec: NonNullable<Lease['spec']>;
}

/** The Lease; the Droplet takes it along when it goes, where both are in one namespace. */
export function serverLease(
  { target, project }: Subject,
  { name, namespace, labels, spec }: Word,
  droplet: Droplet,
): Lease {
  const { namespace: targetNamespace = '', name: targetName } = splitKey(target);
  const { uid } = droplet.metadata;
  const owner =
    targetNamespace === namespace && uid !== undefined
      ? [{ apiVersion: API_VERSION, kind: 'Droplet', name: targetName, uid }]
      : undefined;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      namespace,
      labels: {
        [PROJECT_LABEL]: project,
        [TARGET_LABEL]: targetName,
        [TARGET_NAMESPACE_LABEL]: targetNamespace,
        ...labels,
      },
      ...(owner && { ownerReferences: owner }),
    },
    spec,
  };
}

/** Whom a Lease is about; undefined when its labels do not say it. */
export function subjectOf({ metadata: { labels = {} } }: Lease): Subject | undefined {
  const [project, name, namespace] = [PROJECT_LABEL, TARGET_LABEL, TARGET_NAMESPACE_LABEL].map(
    label => labels[label],
  );
  return project && name && namespace ? { target: `${namespace}/${name}`, project } : undefined;
}
