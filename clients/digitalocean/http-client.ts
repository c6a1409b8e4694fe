import { getAccount } from 'dots-wrapper/dist/account/index.js';
import { getAction } from 'dots-wrapper/dist/action/index.js';
import * as droplets from 'dots-wrapper/dist/droplet/index.js';
import * as firewalls from 'dots-wrapper/dist/firewall/index.js';
import { listSizes } from 'dots-wrapper/dist/size/index.js';
import { deleteSnapshot, listSnapshots } from 'dots-wrapper/dist/snapshot/index.js';
import { createSshKey, destroySshKey, listSshKeys } from 'dots-wrapper/dist/ssh-key/index.js';
import { createTag, tagResources, untagResources } from 'dots-wrapper/dist/tag/index.js';
import * as volumes from 'dots-wrapper/dist/volume/index.js';
import type { IContext } from 'dots-wrapper/dist/types/index.js';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { createCaller, type RequestReport } from './caller.ts';
import type { Cloud, DropletRequest, VolumeRequest } from './cloud.ts';
import * as decode from './decode.ts';
import { decodeFirewall, firewallBody } from './decode-firewall.ts';
import { CloudError } from './errors.ts';
import type { Request } from './exchange.ts';
import { senseless, unreadable } from './failures.ts';
import { itemsWithIds, readable } from './listed.ts';
import { allPages, PER_PAGE } from './pages.ts';
import { createRateBudget } from './rate-budget.ts';
import { createTransport } from './transport.ts';
import { COUNT, fieldsOf, TAG, Unreadable, type Fields, type Kind } from './values.ts';

/** What a client of DigitalOcean needs. */
export interface CloudOptions {
  /** A personal access token with read and write scope. */
  token: string;
  /** https://api.digitalocean.com by default. */
  apiUrl?: string;
  clock: Clock;
  /** 0 to 1, for the jitter of retries. */
  random: () => number;
  /** Hears of every request that was sent. */
  onRequest?: (report: RequestReport) => void;
  /** How long a reply may take; 15,000 by default. */
  callTimeoutMs?: number;
  /** Hears when the API asks for a longer wait than is believed. */
  log?: Pick<Logger, 'warn'>;
}

/** A Cloud over the network. */
export interface HttpCloud extends Cloud {
  /** Closes its connections; calls under way fail. */
  close(): void;
}

type Parameters = Record<string, string | number | undefined>;
type Reply<T> = Promise<{ data: T; status: number }>;

/**
 * A client of DigitalOcean's API: dots-wrapper knows the paths and bodies, but for reserved IPs; connections, the rate budget,
 * retries, pages and errors are ours. The token stays in the transport.
 */
export function createCloud(options: CloudOptions): HttpCloud {
  const { clock, random, onRequest } = options;
  const transport = createTransport({
    token: options.token,
    apiUrl: options.apiUrl ?? 'https://api.digitalocean.com',
    clock,
    callTimeoutMs: options.callTimeoutMs ?? 15_000,
    log: options.log,
  });
  const call = createCaller({ transport, budget: createRateBudget(clock), clock, random, onRequest });

  /** The context that dots-wrapper's functions take: they use only these four methods of its axios. */
  function contextOf(operation: string, signal?: AbortSignal): IContext {
    const send = (method: Request['method'], path: string, body?: unknown) =>
      call({ operation, method, path, signal, ...(body !== undefined && { body }) });
    const httpClient = {
      get: (path: string, config?: { params?: Parameters }) => send('GET', path + queryOf(config?.params)),
      post: (path: string, body: unknown) => send('POST', path, body),
      put: (path: string, body: unknown) => send('PUT', path, body),
      delete: (path: string, config?: { data?: unknown }) => send('DELETE', path, config?.data),
    };
    return { endpoint: '', httpClient: httpClient as unknown as IContext['httpClient'] };
  }

  /** Makes one call, and one thing of its reply. */
  async function ask<T>(
    operation: keyof Cloud,
    signal: AbortSignal | undefined,
    send: (context: IContext) => Reply<unknown>,
    read: (fields: Fields) => T,
  ): Promise<T> {
    const { data, status } = await send(contextOf(operation, signal));
    if (typeof data !== 'object' || data === null) throw senseless(operation, status);
    try {
      return read(fieldsOf(data, ''));
    } catch (error) {
      throw error instanceof Unreadable ? unreadable(operation, status, error.message) : error;
    }
  }

  /** All pages of the list in that field of the replies. */
  async function list<T>(
    operation: keyof Cloud,
    signal: AbortSignal | undefined,
    send: (context: IContext, page: { page: number; per_page: number }) => Reply<unknown>,
    field: string,
    kind: Kind<T>,
  ): Promise<T[]> {
    const fetchPage = (page: number) =>
      ask(
        operation,
        signal,
        context => send(context, { page, per_page: PER_PAGE }),
        fields => ({ items: fields(field, itemsWithIds(kind)), total: fields('meta', TOTAL) }),
      );
    const items = await allPages(fetchPage, item => item.id);
    if (items === undefined)
      throw new CloudError({
        operation,
        message: `${operation}: changed during all 5 reads; retrying`,
      });
    return readable(operation, items);
  }

  /** DigitalOcean answers what has no answer with 204; a proxy that answers in its place does not. */
  async function expectNoContent(
    operation: keyof Cloud,
    signal: AbortSignal | undefined,
    send: (context: IContext) => Reply<unknown>,
  ): Promise<void> {
    const { status } = await send(contextOf(operation, signal));
    if (status !== 204) throw senseless(operation, status);
  }

  const act = (
    operation: keyof Cloud,
    signal: AbortSignal | undefined,
    send: (context: IContext) => Reply<droplets.IShutdownDropletApiResponse>,
  ) => ask(operation, signal, send, fields => fields('action', decode.decodeAction));

  return {
    getAccount: signal =>
      ask(
        'getAccount',
        signal,
        context => getAccount(context)(),
        fields => fields('account', decode.decodeAccount),
      ),
    listDroplets: (tag, signal) =>
      list(
        'listDroplets',
        signal,
        (context, page) =>
          droplets.listDroplets(context)({ ...page, ...(tag !== undefined && { tag_name: tag }) }),
        'droplets',
        decode.decodeDroplet,
      ),
    getDroplet: (id, signal) =>
      ask(
        'getDroplet',
        signal,
        context => droplets.getDroplet(context)({ droplet_id: id }),
        fields => fields('droplet', itself(decode.decodeDroplet, id)),
      ),
    createDroplet: (request, signal) =>
      ask(
        'createDroplet',
        signal,
        context => droplets.createDroplet(context)(createBody(request)),
        fields => fields('droplet', decode.decodeDroplet),
      ),
    deleteDroplet: (id, signal) =>
      expectNoContent('deleteDroplet', signal, context =>
        droplets.deleteDroplet(context)({ droplet_id: id }),
      ),
    shutdownDroplet: (id, signal) =>
      act('shutdownDroplet', signal, context => droplets.shutdownDroplet(context)({ droplet_id: id })),
    powerOffDroplet: (id, signal) =>
      act('powerOffDroplet', signal, context => droplets.powerOffDroplet(context)({ droplet_id: id })),
    powerOnDroplet: (id, signal) =>
      act('powerOnDroplet', signal, context => droplets.powerOnDroplet(context)({ droplet_id: id })),
    powerCycleDroplet: (id, signal) =>
      act('powerCycleDroplet', signal, context => droplets.powerCycleDroplet(context)({ droplet_id: id })),
    resizeDroplet: (id, size, signal) =>
      act('resizeDroplet', signal, context =>
        droplets.resizeDroplet(context)({ droplet_id: id, size, disk: false }),
      ),
    snapshotDroplet: (id, name, signal) =>
      act('snapshotDroplet', signal, context => droplets.snapshotDroplet(context)({ droplet_id: id, name })),
    getAction: (id, signal) =>
      ask(
        'getAction',
        signal,
        context => getAction(context)({ action_id: id }),
        fields => fields('action', itself(decode.decodeAction, id)),
      ),
    listSizes: signal =>
      list('listSizes', signal, (context, page) => listSizes(context)(page), 'sizes', decode.decodeSize),
    listKeys: signal =>
      list('listKeys', signal, (context, page) => listSshKeys(context)(page), 'ssh_keys', decode.decodeKey),
    createKey: (name, publicKey, signal) =>
      ask(
        'createKey',
        signal,
        context => createSshKey(context)({ name, public_key: publicKey }),
        fields => fields('ssh_key', decode.decodeKey),
      ),
    deleteKey: (id, signal) =>
      expectNoContent('deleteKey', signal, context => destroySshKey(context)({ ssh_key_id: id })),
    listFirewalls: signal =>
      list(
        'listFirewalls',
        signal,
        (context, page) => firewalls.listFirewalls(context)(page),
        'firewalls',
        decodeFirewall,
      ),
    createFirewall: (request, signal) =>
      ask(
        'createFirewall',
        signal,
        context => firewalls.createFirewall(context)(firewallBody(request)),
        fields => fields('firewall', decodeFirewall),
      ),
    updateFirewall: (id, request, signal) =>
      ask(
        'updateFirewall',
        signal,
        context =>
          firewalls.updateFirewall(context)({ id: encodeURIComponent(id), ...firewallBody(request) }),
        fields => fields('firewall', itself(decodeFirewall, id)),
      ),
    deleteFirewall: (id, signal) =>
      expectNoContent('deleteFirewall', signal, context =>
        firewalls.deleteFirewall(context)({ firewall_id: encodeURIComponent(id) }),
      ),
    createTag: (name, signal) =>
      ask(
        'createTag',
        signal,
        context => createTag(context)({ name }),
        fields => void fields('tag', TAG_NAME),
      ),
    tagDroplet: (id, tag, signal) =>
      expectNoContent('tagDroplet', signal, context =>
        tagResources(context)({
          tag_name: encodeURIComponent(tag),
          resources: [{ resource_id: String(id), resource_type: 'droplet' }],
        }),
      ),
    untagDroplet: (id, tag, signal) =>
      expectNoContent('untagDroplet', signal, context =>
        untagResources(context)({
          tag_name: encodeURIComponent(tag),
          resources: [{ resource_id: String(id), resource_type: 'droplet' }],
        }),
      ),
    tagSnapshot: (id, tag, signal) =>
      expectNoContent('tagSnapshot', signal, context =>
        tagResources(context)({
          tag_name: encodeURIComponent(tag),
          resources: [{ resource_id: id, resource_type: 'image' }],
        }),
      ),
    listSnapshots: signal =>
      list(
        'listSnapshots',
        signal,
        (context, page) => listSnapshots(context)({ ...page, resource_type: 'droplet' }),
        'snapshots',
        decode.decodeSnapshot,
      ),
    deleteSnapshot: (id, signal) =>
      expectNoContent('deleteSnapshot', signal, context =>
        deleteSnapshot(context)({ snapshot_id: encodeURIComponent(id) }),
      ),
    listVolumes: (name, signal) =>
      list(
        'listVolumes',
        signal,
        (context, page) => volumes.listVolumes(context)({ ...page, ...(name !== undefined && { name }) }),
        'volumes',
        decode.decodeVolume,
      ),
    createVolume: (request, signal) =>
      ask(
        'createVolume',
        signal,
        context => volumes.createVolume(context)(volumeBody(request)),
        fields => fields('volume', decode.decodeVolume),
      ),
    attachVolume: (id, droplet, signal) =>
      act('attachVolume', signal, context =>
        volumes.attachVolumeToDroplet(context)({ volume_id: encodeURIComponent(id), droplet_id: droplet }),
      ),
    detachVolume: (id, droplet, signal) =>
      act('detachVolume', signal, context =>
        volumes.detachVolumeFromDroplet(context)({ volume_id: encodeURIComponent(id), droplet_id: droplet }),
      ),
    resizeVolume: (id, sizeGB, signal) =>
      act('resizeVolume', signal, context =>
        volumes.resizeVolume(context)({ volume_id: encodeURIComponent(id), size_gigabytes: sizeGB }),
      ),
    tagVolume: (id, tag, signal) =>
      expectNoContent('tagVolume', signal, context =>
        tagResources(context)({
          tag_name: encodeURIComponent(tag),
          resources: [{ resource_id: id, resource_type: 'volume' }],
        }),
      ),
    untagVolume: (id, tag, signal) =>
      expectNoContent('untagVolume', signal, context =>
        untagResources(context)({
          tag_name: encodeURIComponent(tag),
          resources: [{ resource_id: id, resource_type: 'volume' }],
        }),
      ),
    deleteVolume: (id, signal) =>
      expectNoContent('deleteVolume', signal, context =>
        volumes.deleteVolume(context)({ volume_id: encodeURIComponent(id) }),
      ),
    listReservedIPs: signal =>
      list(
        'listReservedIPs',
        signal,
        ({ httpClient }, page) => httpClient.get('/reserved_ips', { params: page }),
        'reserved_ips',
        decode.decodeReservedIP,
      ),
    createReservedIP: (droplet, signal) =>
      ask(
        'createReservedIP',
        signal,
        ({ httpClient }) => httpClient.post('/reserved_ips', { droplet_id: droplet }),
        fields => fields('reserved_ip', decode.decodeReservedIP),
      ),
    assignReservedIP: (address, droplet, signal) =>
      act('assignReservedIP', signal, ({ httpClient }) =>
        httpClient.post(`/reserved_ips/${encodeURIComponent(address)}/actions`, {
          type: 'assign',
          droplet_id: droplet,
        }),
      ),
    deleteReservedIP: (address, signal) =>
      expectNoContent('deleteReservedIP', signal, ({ httpClient }) =>
        httpClient.delete(`/reserved_ips/${encodeURIComponent(address)}`),
      ),
    close: () => transport.close(),
  };
}

/** An image's id must be sent as a number, its slug as a string. */
function createBody(request: DropletRequest): droplets.ICreateDropletApiRequest {
  const { name, region, size, image, tags, sshKeys, userData } = request;
  return {
    name,
    region,
    size,
    image: /^\d+$/.test(image) ? Number(image) : image,
    tags,
    ssh_keys: sshKeys,
    ...(userData !== undefined && { user_data: userData }),
  };
}

/** Nothing of ours ever formats a disk that might hold data: the file system comes with the volume. */
const volumeBody = ({ name, region, sizeGB, tags }: VolumeRequest): volumes.ICreateVolumeApiRequest => ({
  name,
  region,
  size_gigabytes: sizeGB,
  filesystem_type: 'ext4',
  tags: [...tags],
});

/** The query, without the parameters that are not given. */
function queryOf(params: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    if (value !== undefined) query.append(name, String(value));
  return query.size === 0 ? '' : `?${query.toString()}`;
}

/** A list that does not say how long it is may be cut short. */
const TOTAL: Kind<number> = (value, path) => fieldsOf(value, path)('total', COUNT);

const TAG_NAME: Kind<string> = (value, path) => fieldsOf(value, path)('name', TAG);

/** That very thing, and no other: what is done next goes by what it is. */
const itself =
  <T extends { id: unknown }>(kind: Kind<T>, id: T['id']): Kind<T> =>
  (value, path) => {
    const thing = kind(value, path);
    if (thing.id === id) return thing;
    throw new Unreadable(`${path}.id is ${String(thing.id)}, expected ${String(id)}`);
  };
