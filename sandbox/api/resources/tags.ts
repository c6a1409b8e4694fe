import { IMAGES } from '../../account/catalog.ts';
import type { TagRecord } from '../../account/records/records.ts';
import { ensureTags, hasTag, tagKey, withoutTag } from '../../account/tagging.ts';
import type { AccountContext } from '../../account/context.ts';
import { ApiError, notFound, unprocessable } from '../errors.ts';
import { found, isObject, optionalList, optionalString } from '../input.ts';
import { listReply } from '../pagination.ts';
import { created, noContent, ok, type Call, type Route } from '../route.ts';
import { isTagName } from './tag-names.ts';

/** Tags, and what carries them. */
export const tagRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v2/tags',
    operation: 'tags.list',
    handle: call => listReply(call, 'tags', [...call.context.state.all('tags')], tag => tagView(call, tag)),
  },
  { method: 'POST', path: '/v2/tags', operation: 'tags.create', handle: createTag },
  {
    method: 'GET',
    path: '/v2/tags/:tag',
    operation: 'tags.get',
    handle: call => ok({ tag: tagView(call, tagOf(call)) }),
  },
  { method: 'DELETE', path: '/v2/tags/:tag', operation: 'tags.delete', handle: deleteTag },
  {
    method: 'POST',
    path: '/v2/tags/:tag/resources',
    operation: 'tags.tagResources',
    handle: call => retag(call, (tags, tag) => (hasTag(tags, tag) ? tags : [...tags, tag])),
  },
  {
    method: 'DELETE',
    path: '/v2/tags/:tag/resources',
    operation: 'tags.untagResources',
    handle: call => retag(call, withoutTag),
  },
];

const tagOf = (call: Call): TagRecord =>
  found(call.context.state.get('tags', tagKey(call.params['tag'] ?? '')));

/** What can carry a tag: its name in a tag's counts and in requests, its path, and its collection. */
const TAGGABLE = {
  droplet: { counts: 'droplets', path: 'droplets', collection: 'droplets' },
  image: { counts: 'images', path: 'images', collection: 'snapshots' },
  volume: { counts: 'volumes', path: 'volumes', collection: 'volumes' },
  volume_snapshot: { counts: 'volume_snapshots', path: 'snapshots', collection: 'volumeSnapshots' },
} as const;

function tagView({ context, baseUrl }: Call, { name }: TagRecord) {
  const counted = Object.values(TAGGABLE).map(({ counts, path, collection }) => {
    const carriers = [...context.state.all(collection)].filter(record => hasTag(record.tags, name));
    return [counts, carriers.map(({ id }) => `${baseUrl}/v2/${path}/${id}`)] as const;
  });
  return {
    name,
    resources: {
      ...tally(counted.flatMap(([, uris]) => uris)),
      ...Object.fromEntries(counted.map(([counts, uris]) => [counts, tally(uris)])),
      databases: tally([]),
    },
  };
}

function tally(uris: readonly string[]): { count: number; last_tagged_uri?: string } {
  const last = uris.at(-1);
  return last === undefined ? { count: 0 } : { count: uris.length, last_tagged_uri: last };
}

/** Making a tag that exists succeeds: Terraform relies on it. */
function createTag(call: Call) {
  const name = optionalString(call.body, 'name') ?? '';
  if (!isTagName(name)) throw invalidTag(name);
  ensureTags(call.context, [name]);
  return created({ tag: tagView(call, call.context.state.get('tags', tagKey(name))!) });
}

/** Only here are errors of this shape. */
function invalidTag(name: string): ApiError {
  const text = `Error validating resource tag: "${name}" contains invalid characters`;
  return new ApiError(400, 'bad_request', text, {
    error: text,
    messages: null,
    root_causes: [`rpc error: code = InvalidArgument desc = ${text}`],
  });
}

/** The tag comes off everything that carries it. */
function deleteTag(call: Call) {
  const { state } = call.context;
  const { name } = tagOf(call);
  for (const { collection } of Object.values(TAGGABLE))
    for (const record of state.all(collection))
      if (hasTag(record.tags, name))
        state.put(collection, record.id, { ...record, tags: withoutTag(record.tags, name) });
  for (const firewall of state.all('firewalls'))
    if (hasTag(firewall.tags, name))
      state.put('firewalls', firewall.id, { ...firewall, tags: withoutTag(firewall.tags, name) });
  state.remove('tags', tagKey(name));
  return noContent();
}

type Retag = (tags: readonly string[], tag: string) => readonly string[];

function retag(call: Call, change: Retag) {
  const { name } = tagOf(call);
  const resources = optionalList(call.body, 'resources');
  if (resources === undefined) throw unprocessable('resources is required');
  for (const resource of resources) retagResource(call.context, resource, tags => change(tags, name));
  return noContent();
}

function retagResource(
  { state }: AccountContext,
  resource: unknown,
  change: (tags: readonly string[]) => readonly string[],
): void {
  if (!isObject(resource)) throw unprocessable('resources must be a list of objects');
  const id = optionalString(resource, 'resource_id') ?? '';
  const type = optionalString(resource, 'resource_type') ?? '';
  if (!Object.hasOwn(TAGGABLE, type)) throw notFound();
  if (type === 'image' && IMAGES.some(image => String(image.id) === id))
    throw unprocessable('Only images of your own can be tagged.');
  const { collection } = TAGGABLE[type as keyof typeof TAGGABLE];
  const record = found(state.get(collection, id));
  state.put(collection, id, { ...record, tags: change(record.tags) });
}
