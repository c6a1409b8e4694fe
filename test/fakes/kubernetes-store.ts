import { isDeepStrictEqual } from 'node:util';
import { KubernetesError } from '../../clients/kubernetes/errors.ts';
import type { MergePatch, WatchEvent } from '../../clients/kubernetes/client.ts';
import { GROUP } from '../../crds/names.ts';
import { keyOf, type KubernetesObject, type ObjectKey } from '../../crds/meta.ts';

type Loose = KubernetesObject & { status?: unknown; spec?: unknown };

/** One change, as a watch of its kind tells it. */
export interface StoredEvent {
  version: number;
  /** `apiVersion kind`. */
  kind: string;
  event: WatchEvent<KubernetesObject>;
}

/** The objects of an API server and what it does to their metadata; every answer is a copy. */
export class KubernetesStore {
  readonly events: StoredEvent[] = [];
  readonly #objects = new Map<string, Map<ObjectKey, Loose>>();
  readonly #now: () => number;
  readonly #onChange: () => void;
  #version = 0;

  constructor(now: () => number, onChange: () => void) {
    this.#now = now;
    this.#onChange = onChange;
  }

  get version(): string {
    return String(this.#version);
  }

  find(kind: string, key: ObjectKey): Loose | undefined {
    return structuredClone(this.#objects.get(kind)?.get(key));
  }

  all(kind: string): Loose[] {
    return structuredClone([...(this.#objects.get(kind)?.values() ?? [])]);
  }

  get(kind: string, key: ObjectKey): Loose {
    return this.find(kind, key) ?? fail(404, 'NotFound', `${kind} "${key}" not found`);
  }

  /** With `keepStatus` it is there as somebody else left it, whatever the API would have dropped. */
  create(kind: string, object: Loose, keepStatus = false): Loose {
    const key = keyOf(object);
    if (this.find(kind, key)) fail(409, 'AlreadyExists', `${kind} "${key}" already exists`);
    const created = structuredClone(object);
    if (hasStatusSubresource(created) && !keepStatus) delete created.status;
    created.metadata = {
      creationTimestamp: new Date(this.#now()).toISOString().replace(/\.\d+Z/, 'Z'),
      ...created.metadata,
      uid: created.metadata.uid ?? `uid-${this.#version + 1}`,
      generation: created.metadata.generation ?? 1,
    };
    return this.#store('ADDED', kind, created);
  }

  replace(kind: string, object: Loose): Loose {
    const stored = this.get(kind, keyOf(object));
    if (object.metadata.resourceVersion === undefined) {
      fail(422, 'Invalid', 'metadata.resourceVersion: Invalid value: 0x0: must be specified for an update');
    }
    const next = structuredClone(object);
    if (hasStatusSubresource(stored)) copyField(stored, next, 'status');
    return this.#update(kind, stored, next);
  }

  patch(kind: string, key: ObjectKey, patch: MergePatch, subresource?: 'status'): Loose {
    const stored = this.get(kind, key);
    const merged = mergePatch(structuredClone(stored), patch) as Loose;
    if (!hasStatusSubresource(stored)) return this.#update(kind, stored, merged);
    const next = subresource === 'status' ? structuredClone(stored) : merged;
    copyField(subresource === 'status' ? merged : stored, next, 'status');
    next.metadata.resourceVersion = merged.metadata.resourceVersion!;
    next.metadata.uid = merged.metadata.uid!;
    return this.#update(kind, stored, next);
  }

  delete(kind: string, key: ObjectKey, uid?: string): void {
    const stored = this.find(kind, key);
    if (stored === undefined) return;
    if (uid !== undefined && uid !== stored.metadata.uid) fail(409, 'Conflict', `uid of "${key}" differs`);
    if (!stored.metadata.finalizers?.length) return this.#remove(kind, stored);
    if (stored.metadata.deletionTimestamp !== undefined) return;
    stored.metadata.deletionTimestamp = new Date(this.#now()).toISOString().replace(/\.\d+Z/, 'Z');
    stored.metadata.generation = (stored.metadata.generation ?? 1) + 1;
    this.#store('MODIFIED', kind, stored);
  }

  #update(kind: string, stored: Loose, next: Loose): Loose {
    checkPreconditions(stored, next);
    keepSystemFields(stored, next);
    if (isDeepStrictEqual(stored, next)) return structuredClone(stored);
    if (!isDeepStrictEqual(contentOf(stored), contentOf(next))) {
      next.metadata.generation = (stored.metadata.generation ?? 1) + 1;
    }
    const isGone = next.metadata.deletionTimestamp !== undefined && !next.metadata.finalizers?.length;
    if (!isGone) return this.#store('MODIFIED', kind, next);
    this.#remove(kind, next);
    return next;
  }

  #store(type: 'ADDED' | 'MODIFIED', kind: string, object: Loose): Loose {
    object.metadata.resourceVersion = String(++this.#version);
    const ofKind = this.#objects.get(kind) ?? new Map<ObjectKey, Loose>();
    this.#objects.set(kind, ofKind.set(keyOf(object), object));
    this.#emit(type, kind, object);
    return structuredClone(object);
  }

  #remove(kind: string, object: Loose): void {
    this.#objects.get(kind)!.delete(keyOf(object));
    object.metadata.resourceVersion = String(++this.#version);
    this.#emit('DELETED', kind, object);
  }

  #emit(type: 'ADDED' | 'MODIFIED' | 'DELETED', kind: string, object: Loose): void {
    this.events.push({ version: this.#version, kind, event: { type, object: structuredClone(object) } });
    this.#onChange();
  }
}

const hasStatusSubresource = (object: Loose): boolean => object.apiVersion.startsWith(`${GROUP}/`);

function copyField(from: Loose, to: Loose, field: 'status'): void {
  if (from[field] === undefined) delete to[field];
  else to[field] = structuredClone(from[field]);
}

function checkPreconditions(stored: Loose, next: Loose): void {
  const { resourceVersion, uid } = next.metadata;
  if (uid !== undefined && uid !== stored.metadata.uid) fail(409, 'Conflict', 'the uid differs');
  if (resourceVersion !== undefined && resourceVersion !== stored.metadata.resourceVersion) {
    fail(409, 'Conflict', 'the object has been modified; please apply your changes to the latest version');
  }
  const before = new Set(stored.metadata.finalizers);
  const isDying = stored.metadata.deletionTimestamp !== undefined;
  if (isDying && next.metadata.finalizers?.some(name => !before.has(name))) {
    fail(422, 'Invalid', 'no new finalizers can be added if the object is being deleted');
  }
}

const SYSTEM_FIELDS = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
] as const;

function keepSystemFields(stored: Loose, next: Loose): void {
  for (const field of SYSTEM_FIELDS) {
    delete next.metadata[field];
    if (stored.metadata[field] !== undefined)
      Object.assign(next.metadata, { [field]: stored.metadata[field] });
  }
}

/** What `generation` counts: everything but metadata and status. */
function contentOf({ metadata: _metadata, status: _status, ...content }: Loose): unknown {
  return content;
}

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return structuredClone(patch);
  const result: Record<string, unknown> = isRecord(target) ? target : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else if (value !== undefined) result[name] = mergePatch(result[name], value);
  }
  return result;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function fail(code: number, reason: string, message: string): never {
  throw new KubernetesError(message, { method: 'FAKE', path: '/' }, { code, reason });
}
