import { sleep } from '../../clock.ts';
import type { Process } from '../../model.ts';
import { print } from '../../shell/process.ts';
import { wordsOf } from '../build/containerfile.ts';
import { refusal } from '../engine-error.ts';
import { endOfCommand } from '../lifetime.ts';
import { readLog, type LogLine } from '../logs.ts';
import type { Container } from '../model.ts';
import { milliseconds } from '../rehearsal.ts';
import { timeText } from '../views.ts';
import { containerNamed, optionsOf, say, type Call, type Verb } from './call.ts';

const LOOK_MS = 250;

export const logs: Verb = async call => {
  const options = optionsOf(call, [
    'f|follow',
    'n=|tail=',
    'since=',
    'until=',
    't|timestamps',
    'details',
    'names',
    'color',
  ]);
  const { engine, process } = call;
  const { id } = containerNamed(engine, options.operands[0] ?? '');
  const since = timeOf(call, options.value('since')) ?? 0;
  const until = timeOf(call, options.value('until')) ?? Number.POSITIVE_INFINITY;
  const all = readLog(engine.machine, id).filter(({ at }) => at >= since && at <= until);
  const tail = options.value('n') ?? 'all';
  const show = (line: LogLine): Promise<void> =>
    say(call, options.has('t') ? `${timeText(engine, line.at)} ${line.text}` : line.text);
  for (const line of tail === 'all' ? all : Number(tail) === 0 ? [] : all.slice(-Number(tail)))
    await show(line);
  if (options.has('f')) await follow(call, id, readLog(engine.machine, id), show, process.signal);
  return 0;
};

async function follow(
  { engine }: Call,
  id: string,
  seen: readonly LogLine[],
  show: (line: LogLine) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let last = seen;
  for (;;) {
    const container = engine.state().containers.find(other => other.id === id);
    const lines = readLog(engine.machine, id);
    // A log that grew too long lost its first half.
    const known = lines.length < last.length ? lines.length : last.length;
    for (const line of lines.slice(known)) await show(line);
    last = lines;
    if (container?.status !== 'running' && container?.status !== 'restarting') return;
    if (!(await sleep(engine.machine.clock, LOOK_MS, signal))) return;
  }
}

/** `10m`, seconds since the epoch, or a date. */
function timeOf({ engine }: Call, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000 - engine.machine.clockSkew;
  if (/^(?:\d+(?:\.\d+)?(?:ms|[smh]))+$/.test(text)) return engine.now() - milliseconds(text);
  return Date.parse(text) - engine.machine.clockSkew;
}

const NO_CODE = 'an emulated container: no code is run';

export const exec: Verb = async call => {
  const options = optionsOf(
    call,
    [
      'i|interactive',
      't|tty',
      'd|detach',
      'e=|env=',
      'env-file=',
      'u=|user=',
      'w=|workdir=',
      'privileged',
      'detach-keys=',
    ],
    true,
  );
  const [name = '', ...command] = options.operands;
  const container = containerNamed(call.engine, name);
  if (container.status !== 'running')
    throw refusal(
      call.engine.kind,
      {
        docker: `Container ${container.id} is not running`,
        podman: 'can only create exec sessions on running containers: container state improper',
      },
      { podman: 255 },
    );
  return runInside(call.process, container, command);
};

/** The few programs that need no code; of any other it says that it was not run. */
async function runInside(
  process: Process,
  container: Container,
  command: readonly string[],
): Promise<number> {
  const [program = '', ...args] = command;
  const { Env } = container.config;
  const known = endOfCommand(command);
  if (program === 'env' || (program === 'printenv' && args.length === 0)) return shown(process, Env);
  if (program === 'printenv') {
    const values = args.flatMap(name =>
      Env.filter(line => line.startsWith(`${name}=`))
        .slice(-1)
        .map(line => line.slice(name.length + 1)),
    );
    await shown(process, values);
    return values.length === args.length ? 0 : 1;
  }
  if (program === 'echo') return shown(process, [args.join(' ')]);
  if (program === 'hostname' || (program === 'cat' && args[0] === '/etc/hostname'))
    return shown(process, [container.id.slice(0, 12)]);
  if (known !== undefined) {
    await sleep(process.machine.clock, known.ms === Number.POSITIVE_INFINITY ? 0 : known.ms, process.signal);
    return known.exitCode;
  }
  const simple = /^[\w ./:$-]+$/.test(args[1] ?? '') ? wordsOf(args[1]!) : [];
  if (
    /^(?:ba|da)?sh$/.test(program.split('/').at(-1)!) &&
    args[0] === '-c' &&
    ['env', 'printenv', 'echo', 'hostname'].includes(simple[0] ?? '')
  )
    return runInside(process, container, simple);
  await process.error.write(Buffer.from(`${NO_CODE}, not even ${program === '' ? 'a shell' : program}\n`));
  return 0;
}

async function shown(process: Process, lines: readonly string[]): Promise<number> {
  await print(process, lines.map(line => `${line}\n`).join(''));
  return 0;
}
