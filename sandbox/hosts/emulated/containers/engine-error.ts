import type { EngineKind } from './model.ts';
import { fullName, repositoryName, shownName, type Reference } from './reference.ts';

/** What an engine refuses, in its own words. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly status: number;
  /** The client itself says so, not the daemon behind it. */
  readonly isClients: boolean;

  constructor(message: string, { status = 1, isClients = false } = {}) {
    super(message);
    this.status = status;
    this.isClients = isClients;
  }
}

/** One thing said in the words of either engine. */
export const refusal = (
  kind: EngineKind,
  words: Readonly<Record<EngineKind, string>>,
  statuses: Partial<Record<EngineKind, number>> = {},
  isClients = false,
): EngineError =>
  new EngineError(words[kind], { status: statuses[kind] ?? (kind === 'docker' ? 1 : 125), isClients });

export const outOfSpace = (kind: EngineKind, path: string): EngineError =>
  refusal(kind, {
    docker: `write ${path}: no space left on device`,
    podman: `writing blob: storing blob to file "${path}": write ${path}: no space left on device`,
  });

/** What a registry says that has no such image. */
export const unknownManifest = (kind: EngineKind, reference: Reference): EngineError => {
  const repository = repositoryName(reference);
  return refusal(kind, {
    docker: `manifest for ${shownName('docker', fullName(reference))} not found: manifest unknown: manifest unknown`,
    podman: `initializing source docker://${fullName(reference)}: reading manifest ${reference.tag} in ${repository}: manifest unknown`,
  });
};
