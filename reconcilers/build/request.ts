import type { Engine } from '../host/desired.ts';

/** What is to be built, and for whom. */
export interface BuildRequest {
  engine: Engine;
  /** The project's name. */
  project: string;
  /** `buildKeyOf` (build-key.ts). */
  key: string;
  /**
   * On whose behalf: the version that is wanted. A build that failed is not tried again for the same attempt, and is
   * for another.
   */
  attempt: string;
  /** The path of the Containerfile in the source. */
  containerfile: string;
  /** The path of the build context in the source. */
  context: string;
  labels: Readonly<Record<string, string>>;
}

/** Where the source comes from. */
export type BuildSource =
  /** A tar, as `git archive` writes it; asked for only when a build begins. */
  | { open: (signal: AbortSignal) => AsyncIterable<Uint8Array> }
  /** It was sent to the host before, as /var/lib/dropfleet/sources/<tree>.tar. */
  | { tree: string };

/** How far a build is. */
export type BuildState =
  /** `image` is its id, `sha256:...`. */
  | { state: 'built'; image: string }
  /** `log`: its last lines. */
  | { state: 'building'; message: string; log: string[] }
  /** `reason` is a condition's; the message says what to do. */
  | { state: 'failed'; reason: string; message: string; log: string[] };
