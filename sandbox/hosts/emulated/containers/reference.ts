import type { EngineKind } from './model.ts';

/** A name of an image, taken apart. */
export interface Reference {
  /** `docker.io`, `localhost`, `10.116.0.2:5000`. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string | undefined;
}

/** The first part of a name is a registry when it looks like a host. */
export function parseReference(text: string): Reference {
  const [name, digest] = text.split('@') as [string, string?];
  const [, path = '', tag = 'latest'] = /^(.*?)(?::([\w][\w.-]{0,127}))?$/.exec(name)!;
  const slash = path.indexOf('/');
  const first = path.slice(0, Math.max(slash, 0));
  if (slash > 0 && (/[.:]/.test(first) || first === 'localhost'))
    return { registry: first, repository: path.slice(slash + 1), tag, digest };
  return { registry: 'docker.io', repository: slash < 0 ? `library/${path}` : path, tag, digest };
}

export const isReference = (text: string): boolean =>
  /^(?:[a-zA-Z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/.test(
    text,
  );

export const fullName = ({ registry, repository, tag }: Reference): string =>
  `${registry}/${repository}:${tag}`;

export const repositoryName = ({ registry, repository }: Reference): string => `${registry}/${repository}`;

const hasRegistry = (text: string): boolean =>
  parseReference(text).registry !== 'docker.io' || text.startsWith('docker.io/');

/** What a new image is called: podman keeps what has no registry under `localhost`. */
export const newName = (kind: EngineKind, text: string): string =>
  fullName(parseReference(kind === 'podman' && !hasRegistry(text) ? `localhost/${text}` : text));

/** The full names that a name may mean, the first that exists wins. */
export const candidates = (kind: EngineKind, text: string): string[] =>
  kind === 'podman' && !hasRegistry(text)
    ? [fullName(parseReference(`localhost/${text}`)), fullName(parseReference(text))]
    : [fullName(parseReference(text))];

/** A full name as the engine shows it: docker leaves away its own registry. */
export const shownName = (kind: EngineKind, name: string): string =>
  kind === 'docker' ? name.replace(/^docker\.io\/(?:library\/)?/, '') : name;

/** docker says of what an id is a hash, podman does not. */
export const shownId = (kind: EngineKind, id: string): string =>
  kind === 'docker' ? id : id.replace(/^sha256:/, '');
