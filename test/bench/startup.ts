// How long a person waits for the command line: `node test/bench/startup.ts`.
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inFolder, percentile } from './rig.ts';

const RUNS = 5;
const MAIN = new URL('../../cli/main.ts', import.meta.url).pathname;
/** What is imported from outside and weighs most, and what a command imports of ours. */
const MODULES = [
  '@kubernetes/client-node',
  'ajv',
  'chokidar',
  'commander',
  'prom-client',
  'undici',
  'yaml',
  'node:sqlite',
  '../../clients/digitalocean/http-client.ts',
  '../../clients/kubernetes/http-client.ts',
  '../../config/load.ts',
  '../../controllers/operator.ts',
  '../../cli/commands/status.ts',
  '../../cli/commands/up.ts',
];

/** A clean environment: no cluster and no token of the person who runs this. */
const ENV = { PATH: process.env['PATH'] };

interface Ended {
  ms: number;
  code: number | null;
  stdout: string;
}

function run(folder: string, ...args: string[]): Promise<Ended> {
  const start = performance.now();
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: ENV,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', code => resolve({ ms: performance.now() - start, code, stdout }));
  });
}

/** The median time of several runs, none of which may fail. */
async function median(folder: string, ...args: string[]): Promise<string> {
  const samples: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    const { ms, code } = await run(folder, ...args);
    if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}`);
    samples.push(ms);
  }
  return `${percentile(samples, 0.5).toFixed(0)} ms`;
}

/** `dropfleet up` in a new folder with the sample CSV; `work` runs once all is Ready. */
async function timeUp(folder: string, work: () => Promise<void>): Promise<void> {
  const start = performance.now();
  const args = [MAIN, 'up', '--boot-delay', '1s', '--http-port', '0'];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: ENV,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise(resolve => child.on('close', resolve));
  const died = ended.then(code => Promise.reject(new Error(`dropfleet up ended with ${String(code)}`)));
  const says = (pattern: RegExp): Promise<string> =>
    new Promise(resolve => {
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8');
        if (pattern.test(text)) resolve((performance.now() - start).toFixed(0));
      });
    });
  try {
    const times = [says(/\n/), says(/after the start/)];
    const [firstLine, ready] = await Promise.race([Promise.all(times), died]);
    console.log(`up: first line after ${firstLine} ms, all Ready after ${ready} ms (boot 1 s)`);
    await work();
  } finally {
    died.catch(() => undefined);
    child.kill('SIGTERM');
    await ended;
  }
}

/** In a process of its own, less what an empty process takes. */
async function timeImport(module: string): Promise<string> {
  const url = module.startsWith('.') ? new URL(module, import.meta.url).href : import.meta.resolve(module);
  const code = `const start = performance.now(); await import(${JSON.stringify(url)}); console.log(performance.now() - start);`;
  const samples: number[] = [];
  for (let i = 0; i < RUNS; i++)
    samples.push(Number((await run('.', '--input-type=module', '--eval', code)).stdout));
  return percentile(samples, 0.5).toFixed(0);
}

await inFolder(async folder => {
  await mkdir(join(folder, 'config'));
  const empty = join(folder, 'empty.mjs');
  await writeFile(empty, '');
  console.log(`node alone: ${await median(folder, empty)}`);
  console.log(`--help: ${await median(folder, MAIN, '--help')}`);
  const init = await run(folder, MAIN, 'init');
  if (init.code !== 0) throw new Error(`init ended with ${init.code}`);
  await timeUp(folder, async () => {
    console.log(`status beside a running daemon: ${await median(folder, MAIN, 'status')}`);
  });
  for (const module of MODULES) console.log(`import ${module}: ${await timeImport(module)} ms`);
});
