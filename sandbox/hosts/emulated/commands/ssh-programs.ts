import { createHash } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';
import { newHostKey } from '../host-keys.ts';
import type { Process, Program } from '../model.ts';
import { absolutePath, fail, print } from '../shell/process.ts';
import { readSshdConfig } from '../ssh/sshd-config.ts';
import { readOptions } from './options.ts';

const sshKeygen: Program = async process => {
  const options = readOptions(process.args.slice(1), ['q', 't=', 'N=', 'C=', 'f=', 'l', 'y', 'b=', 'E=']);
  const path = absolutePath(process, options.value('f') ?? '');
  if (options.has('l') || options.has('y')) return show(process, path, options.has('y'));
  if (options.value('t') !== 'ed25519')
    return fail(process, 'only -t ed25519 is known to an emulated host', 127);
  if (process.files.find(path) !== undefined) return fail(process, `${path} already exists.`);
  const key = newHostKey(options.value('C') ?? `${process.user.name}@host`);
  process.files.write(path, Buffer.from(key.privateKey), { mode: 0o600 });
  process.files.write(`${path}.pub`, Buffer.from(key.publicKey), { mode: 0o644 });
  return 0;
};

async function show(process: Process, path: string, asPublicKey: boolean): Promise<number> {
  const key = parseKey(process.files.read(path));
  if (key === undefined) return fail(process, `${path} is not a key file.`, 255);
  const blob = key.getPublicSSH();
  if (asPublicKey) await print(process, `${key.type} ${blob.toString('base64')} ${key.comment}\n`);
  else {
    const digest = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '');
    await print(process, `256 SHA256:${digest} ${key.comment || 'no comment'} (ED25519)\n`);
  }
  return 0;
}

function parseKey(data: Uint8Array): ParsedKey | undefined {
  const parsed = ssh2.utils.parseKey(Buffer.from(data));
  if (parsed instanceof Error) return undefined;
  return Array.isArray(parsed) ? parsed[0] : parsed;
}

/** `sshd -t`: whether it could start. */
const sshd: Program = async process => {
  const options = readOptions(process.args.slice(1), ['t', 'T']);
  if (!options.has('t')) return fail(process, 'only -t is known to an emulated host', 127);
  const { hostKeyFiles } = readSshdConfig(process.machine.files);
  const isUsable = (path: string): boolean =>
    process.machine.files.find(path)?.type === 'file' &&
    parseKey(process.machine.files.read(path)) !== undefined;
  return hostKeyFiles.some(isUsable) ? 0 : fail(process, 'no hostkeys available -- exiting.');
};

/** OpenSSH's. */
export const SSH_PROGRAMS: Readonly<Record<string, Program>> = { 'ssh-keygen': sshKeygen, sshd };
