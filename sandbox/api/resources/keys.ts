import { createHash } from 'node:crypto';
import type { KeyRecord } from '../../account/records/records.ts';
import { nextNumber, type AccountContext } from '../../account/context.ts';
import { unprocessable } from '../errors.ts';
import { found, optionalText, requiredString } from '../input.ts';
import { listReply } from '../pagination.ts';
import { created, noContent, ok, type Call, type Route } from '../route.ts';

/** SSH keys. */
export const keyRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v2/account/keys',
    operation: 'keys.list',
    handle: call => listReply(call, 'ssh_keys', [...call.context.state.all('keys')], keyView),
  },
  { method: 'POST', path: '/v2/account/keys', operation: 'keys.create', handle: createKey },
  {
    method: 'GET',
    path: '/v2/account/keys/:key',
    operation: 'keys.get',
    handle: call => ok({ ssh_key: keyView(readableKey(call)) }),
  },
  { method: 'PUT', path: '/v2/account/keys/:key', operation: 'keys.update', handle: renameKey },
  { method: 'DELETE', path: '/v2/account/keys/:key', operation: 'keys.delete', handle: deleteKey },
];

const keyView = (key: KeyRecord) => ({
  id: key.id,
  fingerprint: key.fingerprint,
  public_key: key.publicKey,
  name: key.name,
});

function createKey(call: Call) {
  const { context, body, now } = call;
  const name = requiredString(body, 'name');
  const publicKey = requiredString(body, 'public_key').trim();
  const fingerprint = fingerprintOf(publicKey);
  if ([...context.state.all('keys')].some(key => key.fingerprint === fingerprint))
    throw unprocessable('SSH Key is already in use on your account');
  const lag = context.faults.take('keyNotReady', call.operation);
  const key: KeyRecord = {
    id: nextNumber(context.state, 'key'),
    name,
    fingerprint,
    publicKey,
    ...(lag && { readyAt: now + (lag.ms ?? context.bootDelayMs) }),
  };
  context.state.put('keys', key.id, key);
  return created({ ssh_key: keyView(key) });
}

/** The MD5 of the key's blob, in pairs, as `ssh-keygen -E md5` prints it. */
function fingerprintOf(publicKey: string): string {
  const [type, blob] = publicKey.split(/\s+/);
  const bytes = Buffer.from(blob ?? '', 'base64');
  if (type === undefined || !blobBegins(bytes, type))
    throw unprocessable('Key invalid, key should be of the format `type key [comment]`');
  const digest = createHash('md5').update(bytes).digest('hex');
  return digest.match(/../g)!.join(':');
}

/** A blob begins with the length and the text of its type. */
function blobBegins(blob: Buffer, type: string): boolean {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(type.length);
  return blob.subarray(0, 4 + type.length).equals(Buffer.concat([prefix, Buffer.from(type)]));
}

function renameKey(call: Call) {
  const key = readableKey(call);
  const renamed = { ...key, name: optionalText(call.body, 'name') ?? key.name };
  call.context.state.put('keys', key.id, renamed);
  return ok({ ssh_key: keyView(renamed) });
}

function deleteKey(call: Call) {
  call.context.state.remove('keys', readableKey(call).id);
  return noContent();
}

const readableKey = (call: Call): KeyRecord => found(findKey(call.context, call.params['key'], call.now));

/** By id or fingerprint; a key that is not ready yet is not found. */
export function findKey(context: AccountContext, identifier: unknown, now: number): KeyRecord | undefined {
  const text = String(identifier);
  const key =
    context.state.get('keys', text) ??
    [...context.state.all('keys')].find(({ fingerprint }) => fingerprint === text);
  return key === undefined || (key.readyAt ?? 0) > now ? undefined : key;
}
