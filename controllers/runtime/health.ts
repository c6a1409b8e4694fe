import type { ServerResponse } from 'node:http';

/** What is wrong, for a person to read; undefined when nothing is. */
export type Check = () => string | undefined;

/** The checks of one endpoint by their names, which are its subpaths. */
export type Checks = Readonly<Record<string, Check>>;

/** Passes as long as the process can answer at all. */
const ping: Check = () => undefined;

/**
 * Answers for an endpoint of checks as Kubernetes' own do: 200 `ok`, or 500 with a line per check;
 * `?verbose` has the lines either way, and a subpath asks one check alone.
 *
 * @returns false when the path is not below `/<name>`.
 */
export function answerHealth(name: string, checks: Checks, url: URL, response: ServerResponse): boolean {
  const all: Checks = { ping, ...checks };
  const [, endpoint, only, ...rest] = url.pathname.split('/');
  if (endpoint !== name || rest.length > 0) return false;
  if (only !== undefined && only !== '' && !Object.hasOwn(all, only)) return false;
  const asked = only === undefined || only === '' ? Object.keys(all) : [only];
  const results = asked.map(check => ({ check, problem: runCheck(all[check]!) }));
  const isHealthy = results.every(({ problem }) => problem === undefined);
  const lines = results.map(({ check, problem }) =>
    problem === undefined ? `[+]${check} ok` : `[-]${check} failed: ${problem}`,
  );
  const report = [...lines, `${name} check ${isHealthy ? 'passed' : 'failed'}`, ''].join('\n');
  const isVerbose = !isHealthy || url.searchParams.has('verbose');
  response.writeHead(isHealthy ? 200 : 500, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(isVerbose ? report : 'ok');
  return true;
}

function runCheck(check: Check): string | undefined {
  try {
    return check();
  } catch {
    // The message of an unforeseen error may hold anything; this answer is public.
    return 'the check itself failed';
  }
}
