import type { Clock } from '../../clients/clock.ts';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../clients/kubernetes/errors.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../clients/kubernetes/kinds.ts';
import { toKubernetesTime } from '../../crds/conditions.ts';
import { GATE_CONFIG_MAP } from '../../crds/names.ts';
import type { Admission } from './policy.ts';

/** What was let through, as it is kept. */
export type Entry = Omit<Admission, 'ageMs'> & {
  /** When, RFC 3339: for people. Nothing is decided by it, as it is another machine's clock that wrote it. */
  at: string;
};

/** What is held, as it is kept for `dropfleet confirm` and `dropfleet status`. */
export interface HeldEntry {
  group: string;
  reason: string;
  /** Why it is held. */
  message: string;
  /** What it is. */
  effects: string;
  /** What CONFIRM_ANNOTATION must say on one of the objects to let it through. */
  confirmation: string;
  /** Kind, namespace and name of the objects that may carry the confirmation. */
  objects: { kind: string; namespace: string; name: string }[];
}

/** What the gate knows of what went before, in a ConfigMap: it outlives every operator. */
export interface Ledger {
  /** Reads it, unless that was done. Nothing may be decided before. */
  load(signal: AbortSignal): Promise<void>;
  admitted(): readonly Admission[];
  held(): readonly HeldEntry[];
  /**
   * Adds entries, takes those off that `isOver`, and says what is held. It is written down when this returns; what
   * somebody else wrote meanwhile stays.
   */
  write(change: LedgerChange, signal: AbortSignal): Promise<void>;
}

export interface LedgerChange {
  admit?: readonly Omit<Entry, 'at'>[];
  held?: readonly HeldEntry[];
  isOver?: (admission: Admission) => boolean;
}

/** What a ledger needs. */
export interface LedgerOptions {
  kubernetes: Pick<KubernetesClient, 'get' | 'create' | 'patch'>;
  /** The operator's. */
  namespace: string;
  clock: Clock;
}

const MOST_ATTEMPTS = 5;

/** A ledger that was not read yet. */
export function createLedger(options: LedgerOptions): Ledger {
  return new ConfigMapLedger(options);
}

class ConfigMapLedger implements Ledger {
  readonly #options: LedgerOptions;
  #stored: ConfigMap | undefined;
  #isLoaded = false;
  #entries = new Map<string, Entry>();
  /** When this process first knew of an entry: what it did not see happen counts as if it had happened just then. */
  readonly #knownAt = new Map<string, number>();
  #held: readonly HeldEntry[] = [];

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  async load(signal: AbortSignal): Promise<void> {
    if (!this.#isLoaded) await this.#read(signal);
  }

  admitted(): readonly Admission[] {
    const now = this.#options.clock.monotonic();
    return [...this.#entries.values()].map(({ at: _at, ...entry }) => ({
      ...entry,
      ageMs: now - (this.#knownAt.get(entry.key) ?? now),
    }));
  }

  held(): readonly HeldEntry[] {
    return this.#held;
  }

  async write(change: LedgerChange, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const { entries, held } = this.#after(change);
      try {
        this.#note(await this.#put(entries, held, signal));
        return;
      } catch (error) {
        const isOld = isConflict(error) || isAlreadyExists(error) || isNotFound(error);
        if (!isOld || attempt === MOST_ATTEMPTS) throw error;
        await this.#read(signal);
      }
    }
  }

  #after({ admit = [], held = this.#held, isOver = () => false }: LedgerChange) {
    const over = new Set(
      this.admitted()
        .filter(isOver)
        .map(({ key }) => key),
    );
    const at = toKubernetesTime(new Date(this.#options.clock.now()));
    const kept = [...this.#entries.values()].filter(({ key }) => !over.has(key));
    const entries = new Map(kept.map(entry => [entry.key, entry]));
    for (const entry of admit) entries.set(entry.key, { ...entry, at });
    return { entries: [...entries.values()], held };
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { kubernetes, namespace } = this.#options;
    try {
      this.#note(await kubernetes.get(CONFIG_MAPS, `${namespace}/${GATE_CONFIG_MAP}`, { signal }));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      // Somebody removed it: what this process did itself it still knows.
      this.#stored = undefined;
      this.#isLoaded = true;
    }
  }

  #put(entries: readonly Entry[], held: readonly HeldEntry[], signal: AbortSignal): Promise<ConfigMap> {
    const { kubernetes, namespace } = this.#options;
    const data = { admitted: JSON.stringify(entries), held: JSON.stringify(held) };
    if (this.#stored === undefined) {
      const metadata = { name: GATE_CONFIG_MAP, namespace };
      const made: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
      return kubernetes.create(CONFIG_MAPS, made, { signal });
    }
    const { uid, resourceVersion } = this.#stored.metadata;
    const patch = { metadata: { uid, resourceVersion }, data };
    return kubernetes.patch(CONFIG_MAPS, `${namespace}/${GATE_CONFIG_MAP}`, patch, { signal });
  }

  #note(stored: ConfigMap): void {
    this.#stored = stored;
    this.#isLoaded = true;
    const entries = parse<Entry[]>(stored.data?.admitted, []).filter(isEntry);
    this.#entries = new Map(entries.map(entry => [entry.key, entry]));
    this.#held = parse<HeldEntry[]>(stored.data?.held, []);
    const now = this.#options.clock.monotonic();
    for (const key of this.#entries.keys()) if (!this.#knownAt.has(key)) this.#knownAt.set(key, now);
    for (const key of this.#knownAt.keys()) if (!this.#entries.has(key)) this.#knownAt.delete(key);
  }
}

/** What an operator last wrote down; for commands, which change nothing by reading it. */
export async function readLedger(
  kubernetes: Pick<KubernetesClient, 'get'>,
  namespace: string,
): Promise<{ held: readonly HeldEntry[]; admitted: readonly Admission[] }> {
  try {
    const { data } = await kubernetes.get(CONFIG_MAPS, `${namespace}/${GATE_CONFIG_MAP}`);
    const entries = parse<Entry[]>(data?.admitted, []).filter(isEntry);
    return {
      held: parse<HeldEntry[]>(data?.held, []),
      admitted: entries.map(({ at: _at, ...entry }) => ({ ...entry, ageMs: 0 })),
    };
  } catch (error) {
    if (isNotFound(error)) return { held: [], admitted: [] };
    throw error;
  }
}

/** What somebody edited until it is no JSON any more says nothing; what it allowed has to be allowed again. */
function parse<T extends unknown[]>(text: string | undefined, otherwise: T): T {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return Array.isArray(value) ? (value as T) : otherwise;
  } catch {
    return otherwise;
  }
}

const isEntry = (entry: unknown): entry is Entry =>
  typeof entry === 'object' && entry !== null && typeof (entry as Entry).key === 'string';
