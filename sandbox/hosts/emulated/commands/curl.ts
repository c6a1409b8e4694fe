import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';
import type { Process, Program } from '../model.ts';
import { askOver } from '../network/http.ts';
import { absolutePath, bytesOf, print } from '../shell/process.ts';
import { readAll } from '../shell/streams.ts';
import { readOptions, type Options } from './options.ts';

/** curl's exit codes. */
const FAILED = { resolve: 6, connect: 7, http: 22, timeout: 28 } as const;

const curl: Program = async process => {
  const options = readOptions(process.args.slice(1), [
    's|silent', 'S|show-error', 'f|fail', 'o=|output=', 'w=|write-out=', 'm=|max-time=', 'connect-timeout=', 'retry=',
    'L|location', 'H=|header=', 'X=|request=', 'I|head', 'i|include', 'A=', 'd=|data=|data-raw=',
    'data-binary=', 'T=|upload-file=', 'g|globoff', 'k|insecure', 'N|no-buffer', 'noproxy=', 'http1.1', 'retry-delay=',
    'retry-connrefused', 'D=',
  ]); // prettier-ignore
  const url = new URL(
    /^\w+:\/\//.test(options.operands[0] ?? '') ? options.operands[0]! : `http://${options.operands[0]}`,
  );
  const complain = async (code: number, message: string): Promise<number> => {
    if (!options.has('s') || options.has('S'))
      await process.error.write(bytesOf(`curl: (${code}) ${message}\n`));
    return code;
  };
  // There is no way out of an emulated network, and so no name server.
  if (!isIPv4(url.hostname) && url.hostname !== 'localhost')
    return complain(FAILED.resolve, `Could not resolve host: ${url.hostname}`);
  const sent = await requestOf(process, options);
  const limit = new AbortController();
  const seconds = Number(options.value('m') ?? options.value('connect-timeout') ?? 0);
  const cancel = seconds === 0 ? undefined : process.machine.clock.after(seconds * 1000, () => limit.abort());
  try {
    const signal = AbortSignal.any([process.signal, limit.signal]);
    const stream = await process.machine.connect(url.hostname, Number(url.port || 80), signal);
    const { response, body } = await askOver(
      stream,
      { ...sent, host: url.host, path: url.pathname + url.search },
      sent.body,
      signal,
    );
    return await show(process, options, response, body, complain);
  } catch {
    return limit.signal.aborted
      ? complain(FAILED.timeout, `Operation timed out after ${seconds * 1000} milliseconds`)
      : complain(FAILED.connect, `Failed to connect to ${url.hostname} port ${url.port || 80}`);
  } finally {
    cancel?.();
  }
};

/** Sends what `-d` or `-T` say, and as what. */
async function requestOf(
  process: Process,
  options: Options,
): Promise<{ method: string; headers: Record<string, string>; body: Buffer | undefined }> {
  const given = [...options.values('d'), ...options.values('data-binary')];
  const parts = await Promise.all(given.map(text => dataOf(process, text)));
  const upload = options.value('T');
  const body = upload === undefined ? parts.join('&') : await dataOf(process, `@${upload}`);
  const hasBody = given.length > 0 || upload !== undefined;
  const usual = options.has('I') ? 'HEAD' : upload !== undefined ? 'PUT' : hasBody ? 'POST' : 'GET';
  const headers = Object.fromEntries(options.values('H').map(line => line.split(/:\s*(.*)/s).slice(0, 2)));
  const type = given.length > 0 ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
  return {
    method: options.value('X') ?? usual,
    headers: { ...type, ...headers },
    body: hasBody ? Buffer.from(body) : undefined,
  };
}

/** Text, or what stands in the file behind an `@`; `@-` is standard input. */
async function dataOf(process: Process, text: string): Promise<string> {
  if (!text.startsWith('@')) return text;
  if (text === '@-') return (await readAll(process.input)).toString();
  return Buffer.from(process.files.read(absolutePath(process, text.slice(1)))).toString();
}

async function show(
  process: Process,
  options: Options,
  response: IncomingMessage,
  body: Buffer,
  complain: (code: number, message: string) => Promise<number>,
): Promise<number> {
  const status = response.statusCode ?? 0;
  if (options.has('f') && status >= 400)
    return complain(FAILED.http, `The requested URL returned error: ${status}`);
  const file = options.value('o');
  if (file === undefined) await process.output.write(body);
  else if (file !== '/dev/null') process.files.write(absolutePath(process, file), body);
  const format = options.value('w');
  if (format !== undefined)
    await print(
      process,
      format.replace(/%\{(?:http_code|response_code)\}/g, String(status)).replaceAll('\\n', '\n'),
    );
  return 0;
}

/** What asks servers. */
export const CURL: Readonly<Record<string, Program>> = { curl };
