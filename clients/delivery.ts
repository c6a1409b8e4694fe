import { request } from 'undici';

/** A message that could not be handed over. It holds no password, token or address that is one. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  /** Trying again may help; otherwise a person must mend something first. */
  readonly isTransient: boolean;

  /** @param message a sentence: the cause, then the next step. */
  constructor(message: string, isTransient: boolean, options?: ErrorOptions) {
    super(message, options);
    this.isTransient = isTransient;
  }
}

export const isDeliveryError = (error: unknown): error is DeliveryError => error instanceof DeliveryError;

/** What a server said of a request. */
export interface PostReply {
  status: number;
  /** No more than the beginning of it. */
  text: string;
}

/** A reply to a POST, from the sending to its last byte. */
const TIMEOUT_MS = 15_000;
/** As much of a reply as can say why it is a refusal. */
const LONGEST_REPLY = 4_096;

/**
 * Sends one POST and answers with the reply, whatever its status.
 *
 * @param who says in errors where it goes; the address itself may be a secret.
 * @throws DeliveryError, a transient one, when no reply comes.
 */
export async function post(
  url: string,
  { headers, body, who }: { headers: Record<string, string>; body: string; who: string },
  signal: AbortSignal,
): Promise<PostReply> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    const response = await request(url, { method: 'POST', headers, body, signal: limit });
    return { status: response.statusCode, text: await beginningOf(response.body) };
  } catch (error) {
    signal.throwIfAborted();
    throw new DeliveryError(
      `${who} did not answer (${wordFor(error)}); check the address and the network`,
      true,
    );
  }
}

async function beginningOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= LONGEST_REPLY) break;
  }
  return Buffer.concat(chunks).subarray(0, LONGEST_REPLY).toString('utf8');
}

/** The network's own word: a message could quote the address. */
function wordFor(error: unknown): string {
  const { name, code } = error as NodeJS.ErrnoException;
  return name === 'TimeoutError' ? `nothing for ${TIMEOUT_MS / 1_000} s` : (code ?? name);
}

/** Whether a status may be another one soon: the server is busy, or broken. */
export const isPassing = (status: number): boolean => status === 408 || status === 429 || status >= 500;

/** As much of what a server said as fits into a sentence, without that secret. */
export function quoteReply(text: string, ...secrets: readonly string[]): string {
  const clean = secrets.filter(Boolean).reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text);
  const line = clean.replaceAll(/\s+/g, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 199)}…` : line;
}
