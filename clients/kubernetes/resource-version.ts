/**
 * Negative when `a` is older than `b`, 0 when they are the same, positive when newer; undefined when that
 * cannot be told. The Kubernetes API calls versions opaque, but every server there is counts up (etcd's
 * revision, or a sequence in a database), and Kubernetes 1.35 has made that a promise. A cache needs the
 * order to tell a repeated event from a new one; where a version is not a number, only equality is used.
 */
export function compareVersions(a: string, b: string): number | undefined {
  if (a === b) return 0;
  if (!isCount(a) || !isCount(b)) return undefined;
  // They are 64 bits wide, more than a number holds: the longer is the greater, then digit by digit.
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : 1;
}

const isCount = (version: string): boolean => /^[1-9]\d*$/.test(version);
