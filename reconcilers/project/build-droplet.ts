import type { Droplet, DropletSpec } from '../../crds/droplet.ts';
import type { OwnerReference } from '../../crds/meta.ts';
import { API_VERSION, DROPLET_FINALIZER, PROJECT_LABEL, ROLE_LABEL } from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';

/**
 * A Droplet of the project, which must exist. The finalizer is there from the first moment: no server can ever be
 * asked for without it.
 */
export function buildDroplet(project: Project, name: string, spec: DropletSpec): Droplet {
  const { namespace } = project.metadata;
  return {
    apiVersion: API_VERSION,
    kind: 'Droplet',
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      labels: { [PROJECT_LABEL]: spec.project, [ROLE_LABEL]: spec.role },
      finalizers: [DROPLET_FINALIZER],
      ownerReferences: [ownerReferenceTo(project)],
    },
    spec,
  };
}

/** By which a Droplet goes when its project goes. */
export const ownerReferenceTo = ({ metadata: { name, uid } }: Project): OwnerReference => ({
  apiVersion: API_VERSION,
  kind: 'Project',
  name,
  uid: uid!,
  controller: true,
  blockOwnerDeletion: true,
});
