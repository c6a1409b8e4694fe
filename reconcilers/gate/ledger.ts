import type { Clock } from '../../clients/clock.ts';
import type { KubernetesClient } from '../../clients/kubernetes/client.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../clients/kubernetes/errors.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../clients/kubernetes/kinds.ts';
import { toKubernetesTime } from '../../crds/conditions.ts';
import { GATE_CONFIG_MAP } from '../../crds/names.ts';
import type { HeldEntry } from './book.ts';
import type { Admission } from './policy.ts';

export type { HeldEntry };

/** What was let through, as it is kept. */
export type Entry = Omit<Admission, 'ageMs'> & {
  /** When, RFC 3339: for people. Nothing is decided by it, as it is another machine's clock that wrote it. */
  at: string;
};

/** What the gate knows of what went before, in a ConfigMap: it outlives every operator. */
export interface Ledger {
  /** Reads it, unless that was done. Nothing may be decided before. */
  load(signal: AbortSignal): Promise<void>;
  admitted(): readonly Admission[];
  held(): readonly HeldEntry[];
  /** What was let through before is being done just now: its time starts over, as far as this process knows. */
  renew(keys: readonly string[]): void;
  /** The hashes of the confirmations that were used, oldest first. */
  used(): readonly string[];
  /**
   * Adds entries, takes those off that `isOver`, and says what is held. It is written down when this returns; what
   * somebody else wrote meanwhile stays. A change that depends on what is known is a function: it is called again when
   * somebody else wrote, and leaves everything as it is when it answers undefined.
   */
  write(change: LedgerChange | (() => LedgerChange | undefined), signal: AbortSignal): Promise<void>;
}

export interface LedgerChange {
  admit?: readonly Omit<Entry, 'at'>[];
  held?: readonly HeldEntry[];
  /** The hash of a confirmation that is used up by it. */
  used?: string;
  isOver?: (admission: Admission) => boolean;
}

/** What a ledger needs. */
export interface LedgerOptions {
  kubernetes: Pick<KubernetesClient, 'get' | 'create' | 'patch'>;
  /** The operator's. */
  namespace: string;
  clock: Clock;
}

/** What the ConfigMap says. */
interface Content {
  entries: readonly Entry[];
  held: readonly HeldEntry[];
  used: readonly string[];
}

const MOST_ATTEMPTS = 5;

/** So many used confirmations are remembered; each may be given for a day. */
const MOST_USED = 200;

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
  #used: readonly string[] = [];

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

  renew(keys: readonly string[]): void {
    const now = this.#options.clock.monotonic();
    for (const key of keys) if (this.#knownAt.has(key)) this.#knownAt.set(key, now);
  }

  used(): readonly string[] {
    return this.#used;
  }

  async write(change: LedgerChange | (() => LedgerChange | undefined), signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const now = typeof change === 'function' ? change() : change;
      if (now === undefined) return;
      try {
        this.#note(await this.#put(this.#after(now), signal));
        // Also one that was over, and was let through again.
        this.renew((now.admit ?? []).map(({ key }) => key));
        return;
      } catch (error) {
        const isOld = isConflict(error) || isAlreadyExists(error) || isNotFound(error);
        if (!isOld || attempt === MOST_ATTEMPTS) throw error;
        await this.#read(signal);
      }
    }
  }

  #after({ admit = [], held = this.#held, used, isOver = () => false }: LedgerChange): Content {
    const over = new Set(
      this.admitted()
        .filter(isOver)
        .map(({ key }) => key),
    );
    const at = toKubernetesTime(new Date(this.#options.clock.now()));
    const kept = [...this.#entries.values()].filter(({ key }) => !over.has(key));
    const entries = new Map(kept.map(entry => [entry.key, entry]));
    for (const entry of admit) entries.set(entry.key, { ...entry, at });
    const allUsed = used === undefined ? this.#used : [...this.#used, used].slice(-MOST_USED);
    return { entries: [...entries.values()], held, used: allUsed };
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

  #put({ entries, held, used }: Content, signal: AbortSignal): Promise<ConfigMap> {
    const { kubernetes, namespace } = this.#options;
    const data = {
      admitted: JSON.stringify(entries),
      held: JSON.stringify(held),
      used: JSON.stringify(used),
    };
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
    const entries = parse(stored.data?.admitted).filter(isEntry);
    this.#entries = new Map(entries.map(entry => [entry.key, entry]));
    this.#held = parse(stored.data?.held).filter(isHeldEntry);
    this.#used = parse(stored.data?.used).filter(hash => typeof hash === 'string');
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
    const entries = parse(data?.admitted).filter(isEntry);
    return {
      held: parse(data?.held).filter(isHeldEntry),
      admitted: entries.map(({ at: _at, ...entry }) => ({ ...entry, ageMs: 0 })),
    };
  } catch (error) {
    if (isNotFound(error)) return { held: [], admitted: [] };
    throw error;
  }
}

/** What somebody edited until it is no JSON any more says nothing; what it allowed has to be allowed again. */
function parse(text: string | undefined): unknown[] {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

const isEntry = (value: unknown): value is Entry => {
  const { key, verb, cause, project, uid, confirmed } = (value ?? {}) as Partial<Entry>;
  const isText = [key, verb, cause, project, uid].every(part => typeof part === 'string');
  return isText && typeof confirmed === 'boolean';
};

const isHeldEntry = (value: unknown): value is HeldEntry => {
  const { group, reason, message, effects, confirmation, objects, withoutSnapshot } = (value ??
    {}) as Partial<HeldEntry>;
  const texts = [group, reason, message, effects, confirmation, withoutSnapshot ?? ''];
  const isText = texts.every(part => typeof part === 'string');
  return isText && Array.isArray(objects);
};
