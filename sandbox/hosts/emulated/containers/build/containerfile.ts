/** An instruction of a Containerfile. */
export interface Instruction {
  readonly name: string;
  /** What follows, with continued lines joined. */
  readonly text: string;
  readonly line: number;
}

const KNOWN = new Set(
  `ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME
  WORKDIR`.split(/\s+/),
);

/** It cannot be read; `words` say it as docker and as podman do. */
export class ContainerfileError extends Error {
  override readonly name = 'ContainerfileError';
  readonly podman: string;
  constructor(docker: string, podman: string) {
    super(docker);
    this.podman = podman;
  }
}

/** Throws ContainerfileError. */
export function parseContainerfile(text: string): Instruction[] {
  const instructions = joinedLines(text).map(({ text: whole, line }) => {
    const [, name = '', rest = ''] = /^(\S+)\s*([^]*)$/.exec(whole)!;
    return { name: name.toUpperCase(), text: rest.trim(), line };
  });
  for (const { name, text: rest, line } of instructions) {
    if (!KNOWN.has(name))
      throw new ContainerfileError(
        `dockerfile parse error line ${line}: unknown instruction: ${name}`,
        `building: Unknown instruction: "${name}"`,
      );
    if (rest === '')
      throw new ContainerfileError(
        `dockerfile parse error line ${line}: ${name} requires at least one argument`,
        `${name} requires at least one argument`,
      );
  }
  const first = instructions.find(({ name }) => name !== 'ARG');
  if (first === undefined)
    throw new ContainerfileError('the Dockerfile cannot be empty', 'no contents in "Dockerfile"');
  if (first.name !== 'FROM')
    throw new ContainerfileError('no build stage in current context', 'no FROM statement found');
  return instructions;
}

/** Without comments and empty lines; a backslash at the end goes on in the next line. */
function joinedLines(text: string): { text: string; line: number }[] {
  const found: { text: string; line: number }[] = [];
  let pending: { text: string; line: number } | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:#|$)/.test(raw)) continue;
    const continues = /\\\s*$/.test(raw);
    const part = continues ? raw.replace(/\\\s*$/, '') : raw;
    pending = { text: (pending?.text ?? '') + part, line: pending?.line ?? index + 1 };
    if (continues) continue;
    found.push({ ...pending, text: pending.text.trim() });
    pending = undefined;
  }
  return pending === undefined ? found : [...found, { ...pending, text: pending.text.trim() }];
}

/** Words as a shell separates them, or the items of a JSON list. */
export function wordsOf(text: string): string[] {
  const list = jsonList(text);
  if (list !== undefined) return list;
  const words = text.match(/(?:[^\s"']|"(?:[^"\\]|\\.)*"|'[^']*')+/g) ?? [];
  return words.map(word =>
    word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_, a?: string, b?: string) =>
      (a ?? b ?? '').replace(/\\(.)/g, '$1'),
    ),
  );
}

/** The command of CMD and the like: a list as it is, else one for the shell. */
export const commandOf = (text: string): string[] => jsonList(text) ?? ['/bin/sh', '-c', text];

function jsonList(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every(item => typeof item === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `$NAME`, `${NAME}` and `${NAME:-default}` with what they stand for. */
export const substitute = (text: string, variables: Readonly<Record<string, string>>): string =>
  text.replace(
    /\\\$|\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/g,
    (whole, plain?: string, braced?: string, sign?: string, word?: string) => {
      if (whole === '\\$') return '$';
      const value = variables[plain ?? braced ?? ''] ?? '';
      if (sign === '-') return value === '' ? word! : value;
      return sign === '+' ? (value === '' ? '' : word!) : value;
    },
  );
