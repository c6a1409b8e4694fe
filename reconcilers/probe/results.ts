import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../clients/clock.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import type { ProbeSection } from './section.ts';

/** What a host reported of a section the last time. */
export interface ProbeResult<T> {
  readonly facts: T;
  /** When that probe began, by the monotonic clock, ms: the facts are no older. */
  readonly seenAt: number;
}

/** The last facts that hosts reported of one section; a source of the Droplets whose facts are others than before. */
export interface SectionResults<T> {
  /** Undefined while the Droplet's server has not reported, or when its last probe failed in this section. */
  get(droplet: Droplet): ProbeResult<T> | undefined;
  /**
   * Takes note of what a probe reported.
   *
   * @param facts undefined when it reported nothing that could be parsed.
   * @param seenAt when it began, by the monotonic clock.
   */
  record(droplet: Droplet, facts: T | undefined, seenAt: number): void;
  /** The host was changed by who knows more: what a probe saw that has begun by now counts no more. */
  changed(droplet: Droplet): void;
  /** Calls the handler with the Droplet's key whenever facts change; the returned function ends that. */
  subscribe(handler: (key: ObjectKey) => void): () => void;
}

/** The last facts of all hosts: probes write them, and whoever needs them reads them and is woken by them. */
export interface ProbeResults {
  of<T>(section: ProbeSection<T>): SectionResults<T>;
  /** The Droplet is gone, or its server. */
  forget(key: ObjectKey): void;
}

/** Nothing was probed. */
export function createProbeResults(clock: Pick<Clock, 'monotonic'>): ProbeResults {
  const sections = new Map<ProbeSection<unknown>, ReturnType<typeof createSectionResults>>();
  return {
    of<T>(section: ProbeSection<T>) {
      const found = sections.get(section) ?? createSectionResults(clock);
      sections.set(section, found);
      // A section's facts are only ever recorded under it.
      return found as SectionResults<T>;
    },
    forget(key) {
      for (const results of sections.values()) results.forget(key);
    },
  };
}

function createSectionResults(clock: Pick<Clock, 'monotonic'>) {
  const last = new Map<ObjectKey, ProbeResult<unknown> & { server: string }>();
  const changes = new Map<ObjectKey, number>();
  const handlers = new Set<(key: ObjectKey) => void>();
  const lastOf = (droplet: Droplet): ProbeResult<unknown> | undefined => {
    const found = last.get(keyOf(droplet));
    return found?.server === serverOf(droplet) ? found : undefined;
  };
  return {
    get: lastOf,
    record(droplet: Droplet, facts: unknown, seenAt: number): void {
      const key = keyOf(droplet);
      if (seenAt <= (changes.get(key) ?? -Infinity)) return;
      const before = lastOf(droplet)?.facts;
      // A probe that took long may end after one that began later.
      if (seenAt < (lastOf(droplet)?.seenAt ?? -Infinity)) return;
      const isSame = isDeepStrictEqual(facts, before);
      if (facts === undefined) last.delete(key);
      else last.set(key, { facts: isSame ? before : facts, seenAt, server: serverOf(droplet) });
      if (!isSame) for (const handler of handlers) handler(key);
    },
    changed(droplet: Droplet): void {
      last.delete(keyOf(droplet));
      changes.set(keyOf(droplet), clock.monotonic());
    },
    subscribe(handler: (key: ObjectKey) => void) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    forget(key: ObjectKey): void {
      last.delete(key);
      changes.delete(key);
    },
  };
}

/** Facts are a server's: a Droplet's next one, or that of another Droplet of the name, has reported nothing yet. */
const serverOf = ({ metadata, status }: Droplet): string => `${metadata.uid} ${status?.server?.id}`;
