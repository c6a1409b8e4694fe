import { readOptions } from '../../commands/options.ts';
import { humanSize } from '../../commands/sizes.ts';
import { EngineError } from '../engine-error.ts';
import type { Engine } from '../engine.ts';
import { readAll } from '../../shell/streams.ts';
import { imageNamed, removeImage, tagImage, unusedImages } from '../images.ts';
import type { Image } from '../model.ts';
import { pullImage } from '../pull.ts';
import { fullName, newName, parseReference, repositoryName, shownId, shownName } from '../reference.ts';
import { pushTo } from '../registry/client.ts';
import { imageView } from '../views.ts';
import { each, formatted, optionsOf, say, type Call, type Verb } from './call.ts';
import { fitsImage } from './filters.ts';
import { manifestDigest } from '../images.ts';

const LIST_OPTIONS = ['a|all', 'q|quiet', 'no-trunc', 'f=|filter=', 'format=', 'n|noheading', 'digests'];

/** `images`, `image ls`. */
export const images: Verb = async call => {
  const options = optionsOf(call, LIST_OPTIONS);
  const { engine } = call;
  const filters = [...options.values('f'), ...options.operands.map(name => `reference=${name}`)];
  const found = engine
    .state()
    .images.filter(image => fitsImage(image, filters, engine.now()))
    .toSorted((a, b) => b.created - a.created);
  if (options.has('q')) {
    for (const id of new Set(found.map(image => listedId(engine, image, options.has('no-trunc')))))
      await say(call, id);
    return 0;
  }
  const format = options.value('format');
  const rows = found.flatMap(image => rowsOf(engine, image, options.has('no-trunc')));
  if (format === undefined) await say(call, 'REPOSITORY   TAG   IMAGE ID   CREATED   SIZE');
  for (const row of rows)
    await say(
      call,
      format === undefined
        ? [row['Repository'], row['Tag'], row['ID'], row['CreatedAt'], row['Size']].join('   ')
        : formatted(format.replace(/^table /, ''), row),
    );
  return 0;
};

/** Whole ids have their `sha256:` here in both engines. */
const listedId = ({ kind }: Engine, { id }: Image, isWhole: boolean): string =>
  isWhole
    ? id
    : shownId(kind, id)
        .replace(/^sha256:/, '')
        .slice(0, 12);

function rowsOf(engine: Engine, image: Image, isWhole: boolean): Record<string, unknown>[] {
  const ID = listedId(engine, image, isWhole);
  const CreatedAt = new Date(image.created).toISOString().slice(0, 19).replace('T', ' ');
  const common = {
    ID,
    Id: ID,
    CreatedAt,
    CreatedSince: 'some time ago',
    Size: `${humanSize(image.size)}B`,
    Digest: manifestDigest(image),
    Labels: image.config.Labels,
  };
  if (image.tags.length === 0) return [{ Repository: '<none>', Tag: '<none>', ...common }];
  return image.tags.map(name => {
    const { tag } = parseReference(name);
    return { Repository: shownName(engine.kind, name).replace(/:[^/:]*$/, ''), Tag: tag, ...common };
  });
}

/** `image inspect`. */
export const imageInspect: Verb = call => inspectImages(call, optionsOf(call, ['f=|format=']).operands);

async function inspectImages(call: Call, names: readonly string[]): Promise<number> {
  const format = optionsOf(call, ['f=|format=']).value('f');
  const found: object[] = [];
  const status = await each(call, names, async name => {
    const view = imageView(call.engine, imageNamed(call.engine, name));
    if (format === undefined) found.push(view);
    else await say(call, formatted(format, view));
  });
  if (format === undefined) await say(call, JSON.stringify(found, null, 4));
  return status;
}

/** `rmi`, `image rm`. */
export const rmi: Verb = async call => {
  const options = optionsOf(call, ['f|force', 'no-prune', 'i|ignore']);
  const isForgiving = options.has('f') || options.has('i');
  return each(call, options.operands, async name => {
    try {
      for (const line of removeImage(call.engine, name, options.has('f'))) await say(call, line);
    } catch (error) {
      // Nothing to remove is what a forced removal wants.
      const isMissing = error instanceof EngineError && /No such image|image not known/.test(error.message);
      if (isMissing && !isForgiving) throw new EngineError(error.message);
      if (!isMissing) throw error;
      if (call.engine.kind === 'docker')
        await call.process.error.write(Buffer.from(`Error response from daemon: ${error.message}\n`));
    }
  });
};

export const tag: Verb = call => {
  const [from = '', ...to] = optionsOf(call, []).operands;
  const image = imageNamed(call.engine, from);
  for (const name of to) tagImage(call.engine, image, name);
  return 0;
};

const TRANSFER_OPTIONS = ['q|quiet', 'tls-verify=', 'platform=', 'a|all-tags', 'disable-content-trust'];

/** Registries of images that nobody makes let everybody in who shows a password. */
export const login: Verb = async call => {
  const options = optionsOf(call, ['u=|username=', 'p=|password=', 'password-stdin']);
  const password = options.has('password-stdin')
    ? (await readAll(call.process.input)).toString().trim()
    : options.value('p');
  if (!password) throw new EngineError('unauthorized: incorrect username or password', { status: 1 });
  await say(call, 'Login Succeeded');
  return 0;
};

export const pull: Verb = async call => {
  const { engine, process } = call;
  const options = optionsOf(call, TRANSFER_OPTIONS);
  const [name = ''] = options.operands;
  const isDocker = engine.kind === 'docker';
  if (!options.has('q') && isDocker)
    await say(call, `${parseReference(name).tag}: Pulling from ${parseReference(name).repository}`);
  if (!isDocker && !options.has('q'))
    await process.error.write(Buffer.from(`Trying to pull ${fullName(parseReference(name))}...\n`));
  const image = await pullImage(engine, name, {
    signal: process.signal,
    isTrusted: options.value('tls-verify') === 'false',
  });
  if (!isDocker) await say(call, shownId('podman', image.id));
  else if (options.has('q')) await say(call, fullName(parseReference(name)));
  else
    await say(
      call,
      `Digest: ${manifestDigest(image)}\nStatus: Downloaded newer image for ${shownName('docker', fullName(parseReference(name)))}\n${fullName(parseReference(name))}`,
    );
  return 0;
};

export const push: Verb = async call => {
  const { engine, process } = call;
  const options = optionsOf(call, TRANSFER_OPTIONS);
  const [name = '', destination = name] = options.operands;
  const image = imageOfName(engine, name);
  const reference = parseReference(destination.replace(/^docker:\/\//, ''));
  const isDocker = engine.kind === 'docker';
  if (isDocker && !options.has('q'))
    await say(call, `The push refers to repository [${repositoryName(reference)}]`);
  await pushTo(engine, image, reference, {
    signal: process.signal,
    isTrusted: options.value('tls-verify') === 'false',
  });
  const digest = `${repositoryName(reference)}@${manifestDigest(image)}`;
  engine.update({
    images: engine
      .state()
      .images.map(other =>
        other.id === image.id ? { ...other, digests: [...new Set([...other.digests, digest])] } : other,
      ),
  });
  if (isDocker && !options.has('q'))
    await say(call, `${reference.tag}: digest: ${manifestDigest(image)} size: 528`);
  return 0;
};

function imageOfName(engine: Engine, name: string): Image {
  const wanted = newName(engine.kind, name);
  const found = engine.state().images.find(({ tags }) => tags.includes(wanted));
  if (found !== undefined) return found;
  if (engine.kind === 'podman') return imageNamed(engine, name);
  throw new EngineError(
    `An image does not exist locally with the tag: ${wanted.replace(/:[^/:]*$/, '').replace(/^docker\.io\/(?:library\/)?/, '')}`,
    { isClients: true },
  );
}

/** `image prune`. */
export const imagePrune: Verb = async call => {
  const options = readOptions(call.args, ['a|all', 'f|force', 'filter=', 'build-cache', 'external']);
  const { engine } = call;
  const gone = unusedImages(engine, options.has('a'), image =>
    fitsImage(image, options.values('filter'), engine.now()),
  );
  const ids = new Set(gone.map(({ id }) => id));
  engine.update({ images: engine.state().images.filter(({ id }) => !ids.has(id)) });
  if (engine.kind === 'podman') for (const id of ids) await say(call, shownId('podman', id));
  else
    await say(
      call,
      `${ids.size === 0 ? '' : `Deleted Images:\n${[...ids].map(id => `deleted: ${id}\n`).join('')}\n`}Total reclaimed space: ${humanSize(gone.reduce((sum, { size }) => sum + size, 0))}B`,
    );
  return 0;
};
