import { createHash } from 'node:crypto';
import { EngineError, refusal } from './engine-error.ts';
import type { Engine } from './engine.ts';
import type { EngineKind, Image, ImageConfig } from './model.ts';
import { candidates, isReference, newName, parseReference, repositoryName, shownName } from './reference.ts';

export const EMPTY_CONFIG: ImageConfig = {
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  Cmd: [],
  Entrypoint: [],
  Labels: {},
  ExposedPorts: [],
  User: '',
  WorkingDir: '',
};

export const digestOf = (text: string | Uint8Array): string =>
  `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** What a registry knows an image by. */
export const manifestDigest = ({ id }: Pick<Image, 'id'>): string => digestOf(`manifest of ${id}`);

/** The image of that name or id. */
export function findImage(engine: Engine, text: string): Image | undefined {
  const { images } = engine.state();
  const names = candidates(engine.kind, text);
  const { digest } = parseReference(text);
  if (digest !== undefined && !text.startsWith('sha256:'))
    return images.find(({ digests }) =>
      digests.includes(`${repositoryName(parseReference(text))}@${digest}`),
    );
  return (
    images.find(({ tags }) => tags.includes(names[0]!)) ??
    images.find(({ tags }) => names.some(name => tags.includes(name))) ??
    byId(images, text)
  );
}

function byId(images: readonly Image[], text: string): Image | undefined {
  const digits = text.replace(/^sha256:/, '');
  if (!/^[0-9a-f]{2,64}$/.test(digits)) return undefined;
  return images.find(({ id }) => id.startsWith(`sha256:${digits}`));
}

export function imageNamed(engine: Engine, text: string): Image {
  const found = findImage(engine, text);
  if (found === undefined) throw noSuchImage(engine.kind, text);
  return found;
}

export function noSuchImage(kind: EngineKind, text: string): EngineError {
  const name = /:[^/]*$/.test(text) ? text : `${text}:latest`;
  return refusal(kind, { docker: `No such image: ${name}`, podman: `${text}: image not known` });
}

/** Puts an image there, under a name that no other has from then on. */
export function keepImage(engine: Engine, image: Image, names: readonly string[]): Image {
  const before = engine.state().images.find(({ id }) => id === image.id);
  const kept = {
    ...(before ?? image),
    tags: [...new Set([...(before?.tags ?? []), ...names])],
    digests: [...new Set([...(before?.digests ?? []), ...image.digests])],
  };
  const others = engine
    .state()
    .images.filter(({ id }) => id !== image.id)
    .map(other => ({ ...other, tags: other.tags.filter(tag => !names.includes(tag)) }));
  engine.update({ images: [...others, kept] });
  return kept;
}

export function tagImage(engine: Engine, image: Image, text: string): void {
  checkReference(text);
  keepImage(engine, image, [newName(engine.kind, text)]);
}

export function checkReference(text: string): void {
  if (!isReference(text)) throw new EngineError(`invalid reference format`, { isClients: true });
}

/** Takes a name away, and the image with its last one; what was done, as `docker rmi` prints it. */
export function removeImage(engine: Engine, text: string, isForced: boolean): string[] {
  const image = imageNamed(engine, text);
  const names = candidates(engine.kind, text);
  const name = image.tags.find(tag => names.includes(tag));
  const users = engine.state().containers.filter(container => container.image === image.id);
  const isLast = name === undefined || image.tags.length === 1;
  if (name === undefined && image.tags.length > 1 && !isForced) throw severalNames(engine.kind, image);
  if (
    isLast &&
    users.length > 0 &&
    (!isForced || engine.kind === 'podman' || users.some(({ status }) => status === 'running'))
  )
    throw inUse(engine.kind, image, name, users[0]!.id);
  const untagged = (isLast ? image.tags : [name]).map(tag => `Untagged: ${shownName(engine.kind, tag)}`);
  const images = engine.state().images.filter(({ id }) => id !== image.id);
  if (isLast) engine.update({ images });
  else engine.update({ images: [...images, { ...image, tags: image.tags.filter(tag => tag !== name) }] });
  return isLast ? [...untagged, `Deleted: ${image.id}`] : untagged;
}

const severalNames = (kind: EngineKind, { id }: Image): EngineError =>
  refusal(kind, {
    docker: `conflict: unable to delete ${id.slice(7, 19)} (must be forced) - image is referenced in multiple repositories`,
    podman: `unable to delete image "${id.slice(7)}" by ID with more than one tag: please force removal`,
  });

const inUse = (kind: EngineKind, { id }: Image, name: string | undefined, container: string): EngineError =>
  refusal(
    kind,
    {
      docker:
        name === undefined
          ? `conflict: unable to delete ${id.slice(7, 19)} (cannot be forced) - image is being used by running container ${container.slice(0, 12)}`
          : `conflict: unable to remove repository reference "${shownName(kind, name)}" (must force) - container ${container.slice(0, 12)} is using its referenced image ${id.slice(7, 19)}`,
      podman: `image used by ${container}: image is in use by a container: consider removing the container before force-removing image`,
    },
    { podman: 2 },
  );

/** The images without a name, or all, that no container uses and that carry the labels. */
export function unusedImages(engine: Engine, isAll: boolean, fits: (image: Image) => boolean): Image[] {
  const used = new Set(engine.state().containers.map(({ image }) => image));
  return engine
    .state()
    .images.filter(image => (isAll || image.tags.length === 0) && !used.has(image.id) && fits(image));
}
