import { isConflict } from '../../clients/kubernetes/errors.ts';
import {
  DROPLETS,
  PROJECTS,
  SERVICE_DEPLOYMENTS,
  type ResourceKind,
} from '../../clients/kubernetes/kinds.ts';
import { patchStatus, type Writer } from '../../clients/kubernetes/status.ts';
import { removeCondition, setCondition, type ConditionValue } from '../../crds/conditions.ts';
import type { Droplet, DropletStatus } from '../../crds/droplet.ts';
import { keyOf, type Condition, type KubernetesObject } from '../../crds/meta.ts';
import type { Project, ProjectStatus } from '../../crds/project.ts';
import type { ServiceDeployment, ServiceDeploymentStatus } from '../../crds/service-deployment.ts';
import type { DROPLET_OWNERS, PROJECT_OWNERS, SERVICE_OWNERS, StatusPart } from '../../crds/status-owners.ts';
import type { Context } from '../context.ts';
import { requiredGates, settleDroplet, settleProject, settleService } from '../read-model/readiness.ts';
import { isEmpty, rebase } from './rebase.ts';

/** What a controller has to say of its part of a status; what it does not mention stays. */
export interface StatusChange<Status, Part extends StatusPart> {
  /** Whole values, undefined for none. */
  fields?: { [Field in Part['fields'][number] & keyof Status]?: Status[Field] | undefined };
  /** By type; undefined for one that is to go. */
  conditions?: { [Type in Part['conditions'][number]]?: ConditionValue | undefined };
}

/**
 * `fail` when the object is not as it was read: for a status that something outside is about to be decided by.
 * `retry` reads it again and makes the same change to that, until it is written or the signal aborts: what was done, or
 * seen, is so whoever else has written meanwhile. A conflict is thrown then only when another object has the name.
 */
export type OnConflict = 'fail' | 'retry';

type StatusContext = Pick<Context, 'kubernetes' | 'clock'>;

/** Writes the droplet, host, load-balancer, health or snapshot controller's part of a Droplet's status, and what follows. */
export const writeDropletStatus = <Owner extends keyof typeof DROPLET_OWNERS>(
  context: StatusContext & Pick<Context, 'hosts'>,
  _owner: Owner,
  droplet: Droplet,
  change: StatusChange<DropletStatus, (typeof DROPLET_OWNERS)[Owner]>,
  writer: Writer,
  onConflict: OnConflict = 'retry',
): Promise<Droplet> => {
  const gates = context.hosts === undefined ? [] : requiredGates(droplet.spec.role);
  const settle = (status: DropletStatus, now: Date) => settleDroplet(status, gates, now);
  return write(context, { kind: DROPLETS, settle }, droplet, change, writer, onConflict);
};

/** Writes the project or firewall controller's part of a Project's status, and what follows. */
export const writeProjectStatus = <Owner extends keyof typeof PROJECT_OWNERS>(
  context: StatusContext,
  _owner: Owner,
  project: Project,
  change: StatusChange<ProjectStatus, (typeof PROJECT_OWNERS)[Owner]>,
  writer: Writer,
): Promise<Project> => write(context, { kind: PROJECTS, settle: settleProject }, project, change, writer);

/** Writes the service or load-balancer controller's part of a ServiceDeployment's status, and what follows. */
export const writeServiceStatus = <Owner extends keyof typeof SERVICE_OWNERS>(
  context: StatusContext,
  _owner: Owner,
  service: ServiceDeployment,
  change: StatusChange<ServiceDeploymentStatus, (typeof SERVICE_OWNERS)[Owner]>,
  writer: Writer,
): Promise<ServiceDeployment> =>
  write(
    context,
    { kind: SERVICE_DEPLOYMENTS, settle: (status, now) => settleService(status, service.spec, now) },
    service,
    change,
    writer,
  );

interface StatusFields {
  conditions?: Condition[];
}

type Noun = KubernetesObject & { status?: StatusFields };

/** A kind, and what follows from the parts of its status. */
interface Subject<T extends Noun> {
  kind: ResourceKind<T>;
  settle: (status: NonNullable<T['status']>, now: Date) => NonNullable<T['status']>;
}

type Change = StatusChange<Record<string, unknown>, StatusPart>;

async function write<T extends Noun>(
  { kubernetes, clock }: StatusContext,
  { kind, settle }: Subject<T>,
  read: T,
  change: Change,
  writer: Writer,
  onConflict: OnConflict = 'retry',
): Promise<T> {
  for (let current = read; ;) {
    const now = new Date(clock.now());
    const status = settle(changed(read, change, current, now) as NonNullable<T['status']>, now);
    try {
      return await patchStatus(kubernetes, kind, current, status, writer);
    } catch (error) {
      if (!isConflict(error) || onConflict === 'fail') throw error;
      const { metadata } = current;
      current = await kubernetes.get(kind, keyOf(read), { signal: writer.signal });
      const isAnother = current.metadata.uid !== metadata.uid;
      if (isAnother || current.metadata.resourceVersion === metadata.resourceVersion) throw error;
    }
  }
}

/** The status of `current` with what the change makes of the one that was read. */
function changed<T extends Noun>(
  read: T,
  { fields = {}, conditions = {} }: Change,
  current: T,
  now: Date,
): StatusFields {
  const { generation } = read.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  let list = current.status?.conditions ?? [];
  for (const [type, value] of Object.entries(conditions))
    list =
      value === undefined
        ? removeCondition(list, type)
        : setCondition(list, { type, ...value, ...observed }, now);
  const rebased = rebasedFields(read, fields, current);
  return { ...rebased, ...(list.length > 0 && { conditions: list }) };
}

function rebasedFields<T extends Noun>(
  read: T,
  fields: Record<string, unknown>,
  current: T,
): Record<string, unknown> {
  const stored = current.status ?? {};
  // The first attempt, and most of the time the only one: nobody else has written.
  if (current === read) return { ...without(stored, fields), ...stated(fields) };
  const base = Object.entries(read.status ?? {}).filter(([field]) => field in fields);
  return rebase(Object.fromEntries(base), stated(fields), { ...stored });
}

const without = (stored: object, fields: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(stored).filter(([field]) => !(field in fields)));

/** Those that say something: an object without a field is left out, as `rebase` does. */
const stated = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && !isEmpty(value)));
