/** How many objects are written at once, where there are many: one turn of the event loop waits for the disk once. */
const SLICE = 25;

/** The items in order, so many at a time; those of a slice are looked for only when it is asked for. */
export function* slices<T>(items: Iterable<T>): Generator<T[], void, void> {
  let slice: T[] = [];
  for (const item of items) {
    slice.push(item);
    if (slice.length < SLICE) continue;
    yield slice;
    slice = [];
  }
  if (slice.length > 0) yield slice;
}
