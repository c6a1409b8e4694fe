// Requests over raw sockets, as a client sends them that never tries again: whatever is lost is counted.
import { connect, type Socket } from 'node:net';
import { sleep, systemClock } from '../../clients/clock.ts';

type Method = 'GET' | 'POST';

/** What became of the requests. */
export interface LoadReport {
  total: number;
  /** How many got the right answer. */
  answered: number;
  failed: number;
  /** How often each went wrong, by what happened. */
  reasons: Record<string, number>;
  /** How many connections it took. */
  connections: number;
}

export interface LoadOptions {
  /** By default GET on even connections and POST with a body on odd ones. */
  methods?: readonly Method[];
  /** 127.0.0.1 by default. */
  host?: string;
  port: number;
  path: string;
  /** How many requests are under way at once, each on a connection that is kept as long as the server lets it be. */
  connections: number;
  /** Whether each request asks for the end of its connection. */
  isClosing?: boolean;
  /** How long each connection rests after an answer; not at all by default. */
  pauseMs?: number;
  /** Told how long each answer took, in ms. */
  onAnswer?: (ms: number) => void;
}

/** A load that goes on until it is told to end. */
export interface RawLoad {
  /** What became of the requests until now. */
  report(): LoadReport;
  /** Lets the requests under way end. */
  stop(): Promise<LoadReport>;
}

/** Longer than anything here may take. */
const TIMEOUT_MS = 20_000;

/** Starts to ask; each connection has its method. */
export function startLoad(options: LoadOptions): RawLoad {
  const { host = '127.0.0.1', port, path, connections, isClosing = false, pauseMs = 0, onAnswer } = options;
  const { methods = ['GET', 'POST'] } = options;
  const report: LoadReport = { total: 0, answered: 0, failed: 0, reasons: {}, connections: 0 };
  const over = new AbortController();

  async function client(method: Method, id: number): Promise<void> {
    let socket: Socket | undefined;
    for (let n = 0; !over.signal.aborted; n++) {
      if (socket === undefined) {
        report.connections++;
        socket = connect({ port, host, noDelay: true });
        // Between two requests nobody else listens.
        socket.on('error', () => undefined);
      }
      report.total++;
      const word = `${id}-${n}`;
      const began = performance.now();
      const request = requestOf(method, `${path}?word=${word}`, word, isClosing);
      const outcome = await exchange(socket, request, word);
      onAnswer?.(performance.now() - began);
      if (outcome.failure === undefined) report.answered++;
      else count(report, `${method}: ${outcome.failure}`);
      if (!outcome.isKept || isClosing) {
        socket.destroy();
        socket = undefined;
      }
      if (pauseMs > 0) await rest(pauseMs, over.signal);
    }
    socket?.destroy();
  }

  const clients = Array.from({ length: connections }, (_, i) => client(methods[i % methods.length]!, i));
  return {
    report: () => report,
    async stop() {
      over.abort();
      await Promise.all(clients);
      return report;
    },
  };
}

/** Ends early when the load does. */
const rest = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(systemClock, ms, signal).catch(() => undefined);

function count(report: LoadReport, reason: string): void {
  report.failed++;
  report.reasons[reason] = (report.reasons[reason] ?? 0) + 1;
}

function requestOf(method: string, path: string, body: string, isClosing: boolean): string {
  const close = isClosing ? 'Connection: close\r\n' : '';
  const length = method === 'POST' ? `Content-Length: ${body.length}\r\n` : '';
  return `${method} ${path} HTTP/1.1\r\nHost: load.example.com\r\n${close}${length}\r\n${method === 'POST' ? body : ''}`;
}

interface Outcome {
  failure?: string;
  isKept: boolean;
}

/** Sends a request and reads its answer, which must be 200 and hold the word. */
function exchange(socket: Socket, request: string, word: string): Promise<Outcome> {
  return new Promise(resolve => {
    let text = '';
    const settle = (outcome: Outcome | undefined): void => {
      if (outcome === undefined) return;
      socket.setTimeout(0);
      for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener);
      resolve(outcome);
    };
    const fail = (failure: string): void => settle({ failure, isKept: false });
    const listeners = {
      data(chunk: Buffer) {
        text += chunk.toString('latin1');
        settle(judge(text, word));
      },
      end: () => fail(text === '' ? 'closed without an answer' : 'cut off'),
      error: (error: NodeJS.ErrnoException) => fail(error.code ?? error.message),
      timeout: () => fail('no answer in time'),
    };
    for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener);
    socket.setTimeout(TIMEOUT_MS);
    if (socket.readableEnded || socket.destroyed) listeners.end();
    else socket.write(request);
  });
}

/** Undefined while the answer is not whole. */
function judge(text: string, word: string): Outcome | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = text.slice(0, end).toLowerCase();
  const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1]);
  const body = text.slice(end + 4);
  if (!(body.length >= length)) return undefined;
  const isKept = !/\r\nconnection: close/.test(head);
  const status = head.slice(9, 12);
  if (status !== '200') return { failure: `status ${status}`, isKept };
  return body === word ? { isKept } : { failure: 'the answer to another request', isKept: false };
}
