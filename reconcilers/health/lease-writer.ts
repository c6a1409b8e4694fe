import type { Clock } from '../../clients/clock.ts';
import { attemptWithin } from '../../clients/kubernetes/attempt.ts';
import type { KubernetesClient, Reader } from '../../clients/kubernetes/client.ts';
import { isAlreadyExists, isNotFound } from '../../clients/kubernetes/errors.ts';
import { LEASES, type Lease } from '../../clients/kubernetes/kinds.ts';
import { keyOf } from '../../crds/meta.ts';

/** How long a write may take, in milliseconds: shorter than the pause to the next, so that none queues behind it. */
const WRITE_MS = 4_000;

/** Writes Leases, each at once or not at all: what an API that does not answer was asked for is not asked for later. */
export interface LeaseWriter {
  /** Makes the Lease say that; whether it was written. Never rejects. */
  write(lease: Lease): Promise<boolean>;
  /** Removes it; whether it is gone. Never rejects. */
  remove(lease: Pick<Lease, 'metadata'>): Promise<boolean>;
}

/** What it is made of. */
export interface LeaseWriterParts {
  readonly kubernetes: Pick<KubernetesClient, 'create' | 'patch' | 'delete'>;
  /** Tells what is there already. */
  readonly leases: Pick<Reader<Lease>, 'get'>;
  readonly clock: Clock;
  /** Hears why a Lease could not be written or removed, but for the abort of the signal. */
  readonly onFailure: (lease: string, error: unknown) => void;
}

/** Until the signal aborts. */
export function createLeaseWriter(
  { kubernetes, leases, clock, onFailure }: LeaseWriterParts,
  signal: AbortSignal,
): LeaseWriter {
  const busy = new Set<string>();

  async function attempt(name: string, call: (signal: AbortSignal) => Promise<unknown>): Promise<boolean> {
    if (busy.has(name) || signal.aborted) return false;
    busy.add(name);
    try {
      await attemptWithin(clock, WRITE_MS, signal, call);
      return true;
    } catch (error) {
      if (!signal.aborted) onFailure(name, error);
      return false;
    } finally {
      busy.delete(name);
    }
  }

  const create = (lease: Lease, cut: AbortSignal) => kubernetes.create(LEASES, lease, { signal: cut });
  const patch = ({ metadata, spec }: Lease, cut: AbortSignal) => {
    const { name: _name, namespace: _namespace, ...rest } = metadata;
    return kubernetes.patch(LEASES, keyOf({ metadata }), { metadata: rest, spec }, { signal: cut });
  };

  return {
    write: lease =>
      attempt(lease.metadata.name, async cut => {
        const [first, second, isOther] =
          leases.get(keyOf(lease)) === undefined
            ? ([create, patch, isAlreadyExists] as const)
            : ([patch, create, isNotFound] as const);
        await first(lease, cut).catch((error: unknown) => {
          // The cache is a moment behind.
          if (!isOther(error)) throw error;
          return second(lease, cut);
        });
      }),
    remove: ({ metadata }) =>
      attempt(metadata.name, cut => kubernetes.delete(LEASES, keyOf({ metadata }), { signal: cut })),
  };
}
