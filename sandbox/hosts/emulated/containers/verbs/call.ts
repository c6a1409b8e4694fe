import { readOptions, type Options } from '../../commands/options.ts';
import type { Process } from '../../model.ts';
import { print } from '../../shell/process.ts';
import { EngineError, refusal } from '../engine-error.ts';
import type { Engine } from '../engine.ts';
import type { Container, EngineKind } from '../model.ts';
import { formatTemplate } from '../templates/format.ts';
import { TemplateError } from '../templates/parse.ts';

/** A command of an engine's client. */
export interface Call {
  readonly process: Process;
  readonly engine: Engine;
  /** After the verb. */
  readonly args: readonly string[];
}

/** Resolves with the exit status. Throws EngineError for what the engine refuses. */
export type Verb = (call: Call) => Promise<number> | number;

export const optionsOf = ({ args }: Call, known: readonly string[], stopAtOperand = false): Options =>
  readOptions(args, known, { stopAtOperand });

export const say = ({ process }: Call, text: string): Promise<void> => print(process, `${text}\n`);

/** What a template makes of the data, as `--format` says it. */
export function formatted(
  template: string,
  data: unknown,
  methods: Parameters<typeof formatTemplate>[2] = {},
): string {
  try {
    return formatTemplate(template === 'json' ? '{{json .}}' : template, data, methods);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new EngineError(`template parsing error: template: :1:2: ${error.message}`, {
      status: 1,
      isClients: true,
    });
  }
}

/** The container of that name or id. */
export function containerNamed({ state, kind }: Engine, text: string): Container {
  const found = findContainer(state().containers, text);
  if (found === undefined) throw noSuchContainer(kind, text);
  return found;
}

export function findContainer(containers: readonly Container[], text: string): Container | undefined {
  const name = text.replace(/^\//, '');
  const byName = containers.find(container => container.name === name);
  return byName ?? (/^[0-9a-f]+$/.test(text) ? containers.find(({ id }) => id.startsWith(text)) : undefined);
}

export const noSuchContainer = (kind: EngineKind, text: string): EngineError =>
  refusal(kind, {
    docker: `No such container: ${text}`,
    podman: `no container with name or ID "${text}" found: no such container`,
  });

/** Does something with each of several, and goes on after a failure; the highest status. */
export async function each(
  call: Call,
  names: readonly string[],
  work: (name: string) => Promise<void> | void,
): Promise<number> {
  let status = 0;
  for (const name of names) {
    try {
      await work(name);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      await complain(call, error);
      status = Math.max(status, error.status);
    }
  }
  return status;
}

/** Says what the engine refused. */
export async function complain(
  { process, engine }: Pick<Call, 'process' | 'engine'>,
  error: EngineError,
): Promise<void> {
  const prefix = engine.kind === 'docker' && !error.isClients ? 'Error response from daemon' : 'Error';
  const text = error.isClients && engine.kind === 'docker' ? error.message : `${prefix}: ${error.message}`;
  await process.error.write(Buffer.from(`${text}\n`));
}

/** `k=v` lines as an object. */
export const pairs = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map(line =>
      line.includes('=') ? [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] : [line, ''],
    ),
  );
