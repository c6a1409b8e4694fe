import { systemClock } from '../../clients/clock.ts';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { createInformer } from '../../clients/kubernetes/informer.ts';
import { LEASES, SERVICE_DEPLOYMENTS } from '../../clients/kubernetes/kinds.ts';
import { keyOf } from '../../crds/meta.ts';
import type { ServiceDeployment, ServiceDeploymentStatus } from '../../crds/service-deployment.ts';
import { fakeLogger } from '../fakes/logger.ts';

/** What becomes of a service that was written; `undefined` leaves it as it is. */
export type Verdict = (service: ServiceDeployment) => { image: string } | { rejected: string } | undefined;

/** Stands in for an operator that leads: holds its Lease, and gives every service that is written a status. */
export async function startFakeOperator(
  kubernetes: KubernetesClient,
  verdict: Verdict,
  now: () => Date,
): Promise<{ stop(): void }> {
  await kubernetes.create(LEASES, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'dropfleet-leader', namespace: 'default' },
    spec: {
      holderIdentity: 'fake',
      leaseDurationSeconds: 3_600,
      acquireTime: microTime(now()),
      renewTime: microTime(now()),
      leaseTransitions: 0,
    },
  });
  const stop = new AbortController();
  const log = fakeLogger();
  const informer = createInformer(kubernetes, SERVICE_DEPLOYMENTS, {
    clock: systemClock,
    random: Math.random,
    log,
  });
  informer.onChange(({ object, type }) => {
    if (type === 'deleted' || object.status?.observedGeneration === object.metadata.generation) return;
    const status = statusFor(object, verdict(object), now());
    if (status === undefined) return;
    kubernetes
      .patch(SERVICE_DEPLOYMENTS, keyOf(object), { status }, { subresource: 'status' })
      .catch((error: unknown) => console.error(error));
  });
  informer.start(stop.signal);
  await informer.synced(stop.signal);
  return { stop: () => stop.abort() };
}

const microTime = (time: Date): string => time.toISOString().replace('Z', '000Z');

type Patch = { [Field in keyof ServiceDeploymentStatus]?: ServiceDeploymentStatus[Field] | null };

function statusFor(
  { metadata, spec, status = {} }: ServiceDeployment,
  verdict: ReturnType<Verdict>,
  now: Date,
): Patch | undefined {
  if (verdict === undefined) return undefined;
  const { generation = 0 } = metadata;
  const { version = '' } = spec;
  const lastTransitionTime = `${now.toISOString().slice(0, 19)}Z`;
  const ready = {
    type: 'Ready',
    status: 'True' as const,
    reason: 'Ready',
    message: 'serves',
    lastTransitionTime,
  };
  if ('rejected' in verdict)
    return {
      observedGeneration: generation,
      rejected: { release: `r${generation}`, version, reason: 'BuildFailed', message: verdict.rejected },
      conditions: [{ ...ready, status: 'False', reason: 'BuildFailed', message: verdict.rejected }],
    };
  const before = status.version !== undefined && status.image !== undefined && status.version !== version;
  const former = before
    ? [
        {
          version: status.version!,
          image: status.image!,
          deployedAt: status.deployedAt ?? now.toISOString(),
        },
      ]
    : [];
  return {
    observedGeneration: generation,
    version,
    image: verdict.image,
    deployedAt: status.version === version ? (status.deployedAt ?? null) : now.toISOString(),
    rejected: null,
    history: [...former, ...(status.history ?? [])],
    conditions: [
      { type: 'Built', status: 'True', reason: 'Built', message: `built ${version}`, lastTransitionTime },
      ready,
    ],
  };
}
