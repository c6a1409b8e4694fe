import { keyOf, type KubernetesObject, type ObjectKey } from '../../crds/meta.ts';
import type { Reader } from './client.ts';

/** Objects by key, and by the values that indexes file them under. What is put in is frozen. */
export interface ObjectStore<T extends KubernetesObject> extends Reader<T> {
  addIndex(name: string, valuesOf: (object: T) => readonly string[]): void;
  /** Puts the object in the place of the one with its key. */
  put(object: T): void;
  remove(key: ObjectKey): void;
}

interface Index<T> {
  valuesOf: (object: T) => readonly string[];
  byValue: Map<string, Map<ObjectKey, T>>;
}

/** An empty store. */
export function createObjectStore<T extends KubernetesObject>(): ObjectStore<T> {
  const objects = new Map<ObjectKey, T>();
  const indexes = new Map<string, Index<T>>();
  let listed: readonly T[] | undefined;
  const unfileOld = (key: ObjectKey): void => {
    const object = objects.get(key);
    if (object !== undefined) for (const index of indexes.values()) unfile(index, key, object);
    listed = undefined;
  };
  return {
    get: key => objects.get(key),
    list: () => (listed ??= Object.freeze([...objects.values()])),
    byIndex: (name, value) => [...(indexOf(indexes, name).byValue.get(value)?.values() ?? [])],
    addIndex: (name, valuesOf) => void indexes.set(name, { valuesOf, byValue: new Map() }),
    put(object) {
      const key = keyOf(object);
      deepFreeze(object);
      unfileOld(key);
      objects.set(key, object);
      for (const index of indexes.values()) file(index, key, object);
    },
    remove(key) {
      unfileOld(key);
      objects.delete(key);
    },
  };
}

function indexOf<T>(indexes: Map<string, Index<T>>, name: string): Index<T> {
  const index = indexes.get(name);
  if (index) return index;
  throw new Error(`there is no index "${name}"; there are: ${[...indexes.keys()].join(', ') || 'none'}`);
}

function file<T>({ valuesOf, byValue }: Index<T>, key: ObjectKey, object: T): void {
  for (const value of valuesOf(object)) {
    const filed = byValue.get(value) ?? new Map<ObjectKey, T>();
    byValue.set(value, filed.set(key, object));
  }
}

function unfile<T>({ valuesOf, byValue }: Index<T>, key: ObjectKey, object: T): void {
  for (const value of valuesOf(object)) {
    const filed = byValue.get(value);
    filed?.delete(key);
    if (filed?.size === 0) byValue.delete(value);
  }
}

/** A cache shared by everybody must not be changed by anybody. */
function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
}
