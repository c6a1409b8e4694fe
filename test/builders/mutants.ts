/** A copy in which the value at that path is another; undefined takes it away. */
export function changed(value: unknown, path: readonly (string | number)[], to: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return to;
  const copy = structuredClone(value) as Record<string | number, unknown>;
  copy[first] = changed(copy[first], rest, to);
  return copy;
}

/** Every path into it. */
export function pathsOf(value: unknown): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [[]];
  const keys = Array.isArray(value) ? value.map((_, i) => i) : Object.keys(value);
  const inner = keys.flatMap(key =>
    pathsOf((value as Record<string | number, unknown>)[key]).map(path => [key, ...path]),
  );
  return [[], ...inner];
}
