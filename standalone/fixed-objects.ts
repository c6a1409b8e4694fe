import { createHash } from 'node:crypto';
import type { CustomResourceDefinition } from '../crds/schema.ts';
import { CUSTOM_RESOURCE_DEFINITION, NAMESPACE } from './built-in-kinds.ts';
import type { ApiObject } from './object.ts';
import { PERMANENT_NAMESPACES, type Resources } from './resources.ts';
import { storeKey, type Store } from './store.ts';

/** The same in every installation: the CRDs come with the program. */
const BUILT_AT = '2000-01-01T00:00:00Z';

/** Shows the CRDs, and creates the namespaces that exist from the start. */
export function addFixedObjects(
  store: Store,
  resources: Resources,
  crds: readonly CustomResourceDefinition[],
): void {
  for (const crd of crds)
    store.addFixed(CUSTOM_RESOURCE_DEFINITION.id, storeKey(undefined, crd.metadata.name), established(crd));
  for (const name of PERMANENT_NAMESPACES) {
    if (store.get(NAMESPACE.id, storeKey(undefined, name)) !== undefined) continue;
    resources.create(NAMESPACE, undefined, { metadata: { name } });
  }
}

/** As `kubectl get crd` and `kubectl wait` want it. */
function established({ apiVersion, kind, metadata: { name }, spec }: CustomResourceDefinition): ApiObject {
  const condition = (type: string, reason: string, message: string): object => ({
    type,
    status: 'True',
    lastTransitionTime: BUILT_AT,
    reason,
    message,
  });
  return {
    apiVersion,
    kind,
    metadata: { name, uid: uidFrom(name), resourceVersion: '1', generation: 1, creationTimestamp: BUILT_AT },
    spec: { ...spec, conversion: { strategy: 'None' } },
    status: {
      conditions: [
        condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
        condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
      ],
      acceptedNames: spec.names,
      storedVersions: [spec.versions[0].name],
    },
  };
}

/** A UUID (version 8: free to choose) that is the same after every start. */
const uidFrom = (name: string): string =>
  createHash('sha256')
    .update(name)
    .digest('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-8$4-$5');
