import { createHash } from 'node:crypto';
import type { CutResult } from '../../reconcilers/load-balancer/cut-plan.ts';
import { NOT_WRITTEN, REFUSED } from '../../reconcilers/load-balancer/scripts.ts';

/** A master's nginx, as far as the load balancer's commands ask and change it; a test may change anything of it. */
export interface FakeNginx {
  /** What `nginx -v` prints. */
  version: string;
  /** The content of each generation's files, by folder and path. */
  folders: Map<string, Map<string, string>>;
  current: string;
  /** Where the symlink in the place of the main file leads. */
  main: string;
  /** The folder that the workers have read; empty when none runs. */
  running: string;
  /** A line that it does not understand, wherever it stands. */
  refusedText: string | undefined;
  isDiskFull: boolean;
  /** It tests well and cannot run what it is given. */
  isStuck: boolean;
  /** How many workers of configurations before are ending. */
  oldWorkers: number;
  /** How many connections it has opened to an address. */
  connections: Map<string, number>;
  /** What becomes of connections that are to be closed. */
  cutting: CutResult['outcome'];
}

/** One that was just installed. */
export const aNginx = (): FakeNginx => ({
  version: 'nginx version: nginx/1.22.1',
  folders: new Map(),
  current: '',
  main: '',
  running: '',
  refusedText: undefined,
  isDiskFull: false,
  isStuck: false,
  oldWorkers: 0,
  connections: new Map(),
  cutting: 'cut',
});

const HOME = '/etc/nginx/dropfleet';
const done = (stdout = '') => ({ code: 0, stdout, stderr: '' });
const failed = (code: number, stderr: string) => ({ code, stdout: '', stderr });

/** Does what the script of that name would do. */
export function carryOutOnNginx(nginx: FakeNginx, name: string, args: string[], stdin: string | Buffer) {
  switch (name) {
    case 'dropfleet-lb-facts':
      return done(factsOf(nginx));
    case 'dropfleet-lb-stage':
      if (nginx.isDiskFull) return failed(NOT_WRITTEN, 'tar: No space left on device');
      nginx.folders.set(args[1]!, untar(stdin as Buffer));
      return tested(nginx, args[1]!, nginx.folders.get(args[1]!)!.get('nginx.conf')!);
    case 'dropfleet-lb-try':
      return tested(nginx, args[1]!, stdin.toString());
    case 'dropfleet-lb-activate':
      [nginx.current, nginx.main] = [args[2]!, `${args[0]}/current/nginx.conf`];
      if (!nginx.isStuck || nginx.running === '') nginx.running = answerOf(nginx);
      return done();
    case 'dropfleet-lb-verify':
      if (nginx.running === args[1]) return done();
      return { code: 1, stdout: nginx.running, stderr: '1#1: [emerg] bind() failed' };
    case 'dropfleet-lb-drain':
      return done(drainFactsOf(nginx, args.slice(2)));
    case 'dropfleet-lb-cut':
      return done(cutResultsOf(nginx, args));
    case 'dropfleet-lb-prune':
      for (const old of nginx.folders.keys()) if (!args.slice(2).includes(old)) nginx.folders.delete(old);
      return done();
    default:
      throw new Error(`an nginx that knows no ${name}`);
  }
}

/** What a look at it prints. */
export function factsOf(nginx: FakeNginx): string {
  const { version, main, current, running } = nginx;
  const files = nginx.folders.get(current);
  const digest = createHash('sha256')
    .update([...(files?.values() ?? [])].join(''))
    .digest('hex');
  const facts = { version, main, current, digest: files === undefined ? '' : `${digest}  -`, running };
  return [...Object.entries(facts).map(pair => pair.join('\t')), 'end', ''].join('\n');
}

const drainFactsOf = ({ oldWorkers, connections }: FakeNginx, addresses: readonly string[]): string =>
  [
    `old\t${oldWorkers}`,
    ...addresses.map(address => `open\t${address}\t${connections.get(address) ?? 0}`),
    'end',
    '',
  ].join('\n');

/** Endpoints have no connections of their own here: those of the address are theirs. */
function cutResultsOf({ connections, cutting }: FakeNginx, endpoints: readonly string[]): string {
  const lines = endpoints.map(endpoint => {
    const address = endpoint.split(':')[0]!;
    const open = connections.get(address) ?? 0;
    if (cutting === 'cut') connections.delete(address);
    return `${cutting}\t${endpoint}\t${open}`;
  });
  return [...lines, 'end', ''].join('\n');
}

/** Reads the main file and what it includes. */
function tested({ folders, refusedText }: FakeNginx, folder: string, main: string) {
  const files = folders.get(folder)!;
  const included = [...files].filter(
    ([path]) => path === 'nginx.conf' || main.includes(`include ${HOME}/${folder}/${path};`),
  );
  const bad = included.find(([, content]) => refusedText !== undefined && content.includes(refusedText));
  return bad === undefined
    ? done()
    : failed(REFUSED, `nginx: [emerg] unknown "${refusedText}" in ${HOME}/${folder}/${bad[0]}:1`);
}

const answerOf = ({ folders, current }: FakeNginx): string =>
  /return 200 "(g-[^"]+)"/.exec(folders.get(current)?.get('nginx.conf') ?? '')?.[1] ?? '';

/** The files of a plain archive, in its order. */
function untar(archive: Buffer): Map<string, string> {
  const files = new Map<string, string>();
  for (let at = 0; archive[at] !== 0;) {
    const path = archive.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
    const size = parseInt(archive.toString('latin1', at + 124, at + 135), 8);
    if (!path.endsWith('/')) files.set(path, archive.toString('utf8', at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
