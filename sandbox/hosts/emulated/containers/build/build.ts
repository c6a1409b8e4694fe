import { sleep } from '../../clock.ts';
import { refusal } from '../engine-error.ts';
import type { Engine } from '../engine.ts';
import { digestOf, EMPTY_CONFIG, keepImage } from '../images.ts';
import { endOfCommand } from '../lifetime.ts';
import type { Image, ImageConfig } from '../model.ts';
import { imageOrPulled } from '../pull.ts';
import { shownId } from '../reference.ts';
import { checkRoom } from '../room.ts';
import { commandOf, substitute, wordsOf, type Instruction } from './containerfile.ts';
import { digestOfFiles, filesOf, type Context } from './context.ts';

export interface BuildOrder {
  readonly instructions: readonly Instruction[];
  readonly context: Context;
  readonly names: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly args: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** A line of what is being done. */
  readonly say: (text: string) => Promise<void>;
}

/** What a stage has come to. */
interface Stage {
  readonly name: string;
  readonly id: string;
  readonly size: number;
  readonly config: ImageConfig;
  readonly args: Readonly<Record<string, string>>;
}

interface Step {
  readonly engine: Engine;
  readonly order: BuildOrder;
  readonly stage: Stage;
  readonly stages: readonly Stage[];
  readonly instruction: Instruction;
  /** The instruction's text with variables replaced. */
  readonly text: string;
}

type Change = Partial<Pick<Stage, 'size'>> & {
  config?: Partial<ImageConfig>;
  content?: string;
  args?: Stage['args'];
};

/** Carries out a Containerfile and keeps the image. Throws EngineError. */
export async function build(engine: Engine, order: BuildOrder): Promise<Image> {
  const { instructions, say, names } = order;
  const isDocker = engine.kind === 'docker';
  const stages: Stage[] = [];
  let globals: Record<string, string> = {};
  for (const [index, instruction] of instructions.entries()) {
    const step = `${index + 1}/${instructions.length}`;
    await say(`${isDocker ? `Step ${step} :` : `STEP ${step}:`} ${instruction.name} ${instruction.text}`);
    const stage = stages.at(-1);
    if (instruction.name === 'FROM') stages.push(await begin(engine, order, stages, instruction, globals));
    else if (stage === undefined) globals = { ...globals, ...argOf(instruction.text, order.args) };
    else stages[stages.length - 1] = await next(engine, order, stages, stage, instruction);
    await say(`${isDocker ? ' ---> ' : '--> '}${(stages.at(-1)?.id ?? '').slice(7, 19)}`);
  }
  const { id, size, config } = withLabels(stages.at(-1)!, order.labels);
  checkRoom(engine, engine.state().images.some(image => image.id === id) ? 0 : size);
  const image = keepImage(engine, { id, size, created: engine.now(), tags: [], digests: [], config }, names);
  if (isDocker) await say(`Successfully built ${id.slice(7, 19)}`);
  for (const name of names)
    await say(`Successfully tagged ${isDocker ? name.replace(/^docker\.io\/(?:library\/)?/, '') : name}`);
  if (!isDocker) await say(shownId(engine.kind, id));
  return image;
}

async function begin(
  engine: Engine,
  { signal }: BuildOrder,
  stages: readonly Stage[],
  { text }: Instruction,
  globals: Readonly<Record<string, string>>,
): Promise<Stage> {
  const words = wordsOf(substitute(text, globals)).filter(word => !word.startsWith('--'));
  const [base = '', as, name = String(stages.length)] = words;
  const called = as?.toLowerCase() === 'as' ? name : String(stages.length);
  const earlier = stages.find(stage => stage.name === base);
  if (earlier !== undefined) return { ...earlier, name: called, args: {} };
  if (base === 'scratch')
    return { name: called, id: digestOf('scratch'), size: 0, config: EMPTY_CONFIG, args: {} };
  const { id, size, config } = await imageOrPulled(engine, base, { signal, isTrusted: false });
  return { name: called, id, size, config, args: {} };
}

async function next(
  engine: Engine,
  order: BuildOrder,
  stages: readonly Stage[],
  stage: Stage,
  instruction: Instruction,
): Promise<Stage> {
  const variables = { ...stage.args, ...environmentOf(stage.config) };
  // What a RUN says is for the shell, which knows the variables too.
  const text = instruction.name === 'RUN' ? instruction.text : substitute(instruction.text, variables);
  const change = (await STEPS[instruction.name]?.({ engine, order, stage, stages, instruction, text })) ?? {};
  const used = instruction.name === 'RUN' ? JSON.stringify(stage.args) : '';
  const size = change.size ?? stage.size;
  return {
    ...stage,
    id: digestOf([stage.id, instruction.name, text, used, change.content ?? ''].join('\n')),
    size,
    config: { ...stage.config, ...change.config },
    args: change.args ?? stage.args,
  };
}

const environmentOf = ({ Env }: ImageConfig): Record<string, string> =>
  Object.fromEntries(Env.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));

const STEPS: Readonly<Record<string, (step: Step) => Change | Promise<Change>>> = {
  ARG: ({ stage, text, order }) => ({ args: { ...stage.args, ...argOf(text, order.args) } }),
  ENV: ({ stage: { config }, text }) => ({ config: { Env: withVariables(config.Env, pairsOf(text)) } }),
  LABEL: ({ stage: { config }, text }) => ({ config: { Labels: { ...config.Labels, ...pairsOf(text) } } }),
  EXPOSE: ({ stage: { config }, text }) => ({
    config: { ExposedPorts: [...new Set([...config.ExposedPorts, ...wordsOf(text).map(withProtocol)])] },
  }),
  CMD: ({ text }) => ({ config: { Cmd: commandOf(text) } }),
  ENTRYPOINT: ({ text }) => ({ config: { Entrypoint: commandOf(text), Cmd: [] } }),
  USER: ({ text }) => ({ config: { User: text } }),
  WORKDIR: ({ stage: { config }, text }) => ({
    config: { WorkingDir: text.startsWith('/') ? text : `${config.WorkingDir}/${text}` },
  }),
  COPY: copy,
  ADD: copy,
  RUN: run,
};

const withProtocol = (port: string): string => (port.includes('/') ? port : `${port}/tcp`);

/** `NAME=default`, unless the build was given a value. */
function argOf(text: string, given: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    wordsOf(text).map(word => {
      const [name = '', ...value] = word.split('=');
      return [name, given[name] ?? value.join('=')];
    }),
  );
}

/** `A=1 B="2 3"`, or the old `A 1`. */
function pairsOf(text: string): Record<string, string> {
  const words = wordsOf(text);
  if (!words[0]?.includes('=')) return { [words[0] ?? '']: words.slice(1).join(' ') };
  return Object.fromEntries(
    words.map(word => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
  );
}

/** Each name once, the new value in place of the old. */
export function withVariables(env: readonly string[], added: Readonly<Record<string, string>>): string[] {
  const kept = env.filter(line => !Object.hasOwn(added, line.slice(0, line.indexOf('='))));
  return [...kept, ...Object.entries(added).map(([name, value]) => `${name}=${value}`)];
}

function withLabels(stage: Stage, labels: Readonly<Record<string, string>>): Stage {
  if (Object.keys(labels).length === 0) return stage;
  const config = { ...stage.config, Labels: { ...stage.config.Labels, ...labels } };
  return { ...stage, config, id: digestOf(`${stage.id}\n${JSON.stringify(labels)}`) };
}

function copy({ engine, order, stage, stages, instruction, text }: Step): Change {
  const words = wordsOf(text);
  const from = words.find(word => word.startsWith('--from='))?.slice('--from='.length);
  const sources = words.filter(word => !word.startsWith('--')).slice(0, -1);
  if (from !== undefined) {
    const other = stages.find(({ name }, index) => name === from || String(index) === from);
    return { content: other?.id ?? from };
  }
  const files = sources.flatMap(source => {
    if (/^https?:/.test(source)) return [];
    const found = filesOf(order.context, source);
    if (found.length === 0) throw missingSource(engine, instruction, source);
    return found;
  });
  const size = files.reduce((sum, [, data]) => sum + data.length, 0);
  return { content: digestOfFiles(files), size: stage.size + size };
}

const missingSource = ({ kind }: Engine, { name, text }: Instruction, source: string): Error =>
  refusal(
    kind,
    {
      docker: `${name} failed: file not found in build context or excluded by .dockerignore: stat ${source}: file does not exist`,
      podman: `building at STEP "${name} ${text}": checking on sources under "/context": copier: stat: "/${source.replace(/^(?:\.?\/)+/, '')}": no such file or directory`,
    },
    {},
    true,
  );

/** Nothing is run. What the shell would do with a few words is known: `false`, `exit N`, `sleep N`. */
async function run({ engine, order, instruction }: Step): Promise<Change> {
  const words = instruction.text.replace(/^(?:--\S+\s+)+/, '');
  const command = words.startsWith('[') ? wordsOf(words) : ['/bin/sh', '-c', words];
  const { ms, exitCode } = endOfCommand(command) ?? { ms: 0, exitCode: 0 };
  if (ms > 0) await sleep(engine.machine.clock, ms, order.signal);
  if (exitCode === 0) return {};
  throw refusal(
    engine.kind,
    {
      docker: `The command '${command.join(' ')}' returned a non-zero code: ${exitCode}`,
      podman: `building at STEP "RUN ${words}": while running runtime: exit status ${exitCode}`,
    },
    { docker: exitCode, podman: exitCode },
    true,
  );
}
