import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isAlreadyExists, isConflict } from '../../clients/kubernetes/errors.ts';
import { DROPLETS, PROJECTS } from '../../clients/kubernetes/kinds.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import {
  ACCEPT_HOST_KEY_ANNOTATION,
  ADOPT_ANNOTATION,
  API_VERSION,
  PROJECT_FINALIZER,
} from '../../crds/names.ts';
import type { Project } from '../../crds/project.ts';
import { execute, type Executors } from '../executors.ts';
import { Stalled } from '../outcome.ts';
import { buildDroplet } from '../project/build-droplet.ts';
import { claimProblem, projectKey, type Adoption, type AdoptionStep } from './plan.ts';

type Client = Pick<KubernetesClient, 'get' | 'create' | 'patch'>;

/** What the steps are done with. */
export interface AdoptionTools {
  kubernetes: Client;
  /** The fingerprints of the host keys that a person vouches for, by the servers' ids. */
  hostKeys: ReadonlyMap<number, string>;
}

/** How each step is done. What an operator was first with is as good: every one may be done again. */
const executors: Executors<AdoptionStep, [tools: AdoptionTools]> = {
  'create-project': async ({ project: { metadata, spec } }, { kubernetes }) => {
    const project: Project = {
      apiVersion: API_VERSION,
      kind: 'Project',
      metadata: { ...metadata, finalizers: [PROJECT_FINALIZER] },
      spec,
    };
    await unlessThere(kubernetes.create(PROJECTS, project));
  },
  'raise-project': async ({ project, servers }, { kubernetes }) => {
    const { uid } = project.metadata;
    await kubernetes.patch(PROJECTS, keyOf(project), { metadata: { uid }, spec: { servers } });
  },
  'create-droplet': async ({ place, spec, isOwned }, tools) => {
    const project = await tools.kubernetes.get(PROJECTS, projectKey(place));
    const { metadata, ...rest } = buildDroplet(project, place.name, spec);
    const { ownerReferences, ...others } = metadata;
    const annotations = wordsFor(place, tools);
    const made: Droplet = {
      ...rest,
      metadata: { ...others, annotations, ...(isOwned && ownerReferences && { ownerReferences }) },
    };
    const isMade = await unlessThere(tools.kubernetes.create(DROPLETS, made));
    // Its Project was first.
    if (!isMade) await claim(place, tools, false);
  },
  claim: ({ place, forget }, tools) => claim(place, tools, forget),
};

/** Does one step of an adoption. */
export const applyAdoption = (step: AdoptionStep, tools: AdoptionTools): Promise<void> =>
  execute(executors, step, tools);

/** Lets a Droplet accept the host key that its host shows. */
export async function acceptHostKey(
  { kubernetes }: Pick<AdoptionTools, 'kubernetes'>,
  key: ObjectKey,
  fingerprint: string,
): Promise<void> {
  await kubernetes.patch(DROPLETS, key, {
    metadata: { annotations: { [ACCEPT_HOST_KEY_ANNOTATION]: fingerprint } },
  });
}

const MOST_ATTEMPTS = 5;

/** Tells the Droplet, as it is now, to take the server over, and to be as that is. */
async function claim(place: Adoption, tools: AdoptionTools, forget: boolean): Promise<void> {
  const { kubernetes } = tools;
  const { size, image, id } = place.server;
  const key = `${place.namespace}/${place.name}`;
  for (let attempt = 1; ; attempt++) {
    const droplet = await kubernetes.get(DROPLETS, key);
    const problem = claimProblem(place, forget ? { ...droplet, status: {} } : droplet);
    if (problem !== undefined) throw new Stalled('CannotAdopt', problem);
    const { uid, resourceVersion } = droplet.metadata;
    const metadata = { uid, resourceVersion, annotations: wordsFor(place, tools) };
    // Its own server, whose tags it lost, is none the other for it.
    const spec = droplet.status?.server?.id === id ? {} : { spec: { size, image } };
    try {
      await kubernetes.patch(DROPLETS, key, { metadata, ...spec });
      break;
    } catch (error) {
      if (!isConflict(error) || attempt === MOST_ATTEMPTS) throw error;
    }
  }
  // Only now, as a Droplet without a server and without the word would have one bought.
  if (forget) await kubernetes.patch(DROPLETS, key, { status: FORGOTTEN }, { subresource: 'status' });
}

/** A server that is gone, and the request that it was the answer to. */
const FORGOTTEN = { server: { id: null, nonce: null, firstKeyFingerprint: null } };

function wordsFor({ server }: Adoption, { hostKeys }: AdoptionTools): Record<string, string> {
  const fingerprint = hostKeys.get(server.id);
  return {
    [ADOPT_ANNOTATION]: String(server.id),
    ...(fingerprint !== undefined && { [ACCEPT_HOST_KEY_ANNOTATION]: fingerprint }),
  };
}

async function unlessThere(creating: Promise<unknown>): Promise<boolean> {
  try {
    await creating;
    return true;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return false;
  }
}
