import type { Process, Program } from '../model.ts';
import { fail, print } from '../shell/process.ts';

const echo: Program = async process => {
  const [, ...args] = process.args;
  const hasNewline = args[0] !== '-n';
  // dash's echo, as /bin/sh has it, knows escapes without being asked.
  const { text, stopped } = unescape((hasNewline ? args : args.slice(1)).join(' '), 'echo');
  await process.output.write(Buffer.from(`${text}${hasNewline && !stopped ? '\n' : ''}`));
  return 0;
};

const ESCAPES: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/** Octal numbers begin with a zero in echo's arguments and `%b`, and without in printf's format. */
function unescape(text: string, kind: 'echo' | 'format'): { text: string; stopped: boolean } {
  let stopped = false;
  const pattern = kind === 'echo' ? /\\(0[0-7]{0,3}|[abcfnrtv\\])/g : /\\([0-7]{1,3}|[abcfnrtv\\"])/g;
  const stop = kind === 'echo' ? text.search(/(?<=(?:^|[^\\])(?:\\\\)*)\\c/) : -1;
  if (stop >= 0) {
    stopped = true;
    text = text.slice(0, stop);
  }
  const replaced = text.replace(pattern, (_, code: string) =>
    /^[0-7]/.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : (ESCAPES[code] ?? code),
  );
  return { text: replaced, stopped };
}

const DIRECTIVE = /%([-+ 0#]*)(\d+|\*)?(?:\.(\d+|\*))?([diouxXcsbfeEgG%])/g;

const printf: Program = async process => {
  const [, format, ...args] = process.args[1] === '--' ? process.args.slice(1) : process.args;
  if (format === undefined) return fail(process, 'usage: printf format [arg ...]', 2);
  const left = [...args];
  const state = { status: 0, stopped: false };
  // The format is used again as long as there are arguments.
  do {
    const before = left.length;
    await print(process, await formatted(process, format, left, state));
    if (left.length === before) break;
  } while (left.length > 0 && !state.stopped);
  return state.status;
};

async function formatted(
  process: Process,
  format: string,
  args: string[],
  state: { status: number; stopped: boolean },
): Promise<string> {
  const complaints: string[] = [];
  const pieces: string[] = [];
  let end = 0;
  for (const match of format.matchAll(DIRECTIVE)) {
    pieces.push(unescape(format.slice(end, match.index), 'format').text);
    end = match.index + match[0].length;
    pieces.push(directive(match, args, complaints, state));
    if (state.stopped) break;
  }
  if (!state.stopped) pieces.push(unescape(format.slice(end), 'format').text);
  for (const complaint of complaints) state.status = await fail(process, complaint);
  return pieces.join('');
}

function directive(
  [, flags = '', width = '', precision, conversion = '']: RegExpMatchArray,
  args: string[],
  complaints: string[],
  state: { stopped: boolean },
): string {
  if (conversion === '%') return '%';
  const size = Number(width === '*' ? args.shift() : width);
  const limit = precision === undefined ? undefined : Number(precision === '*' ? args.shift() : precision);
  const argument = args.shift();
  if ('sbc'.includes(conversion)) {
    const escaped =
      conversion === 'b' ? unescape(argument ?? '', 'echo') : { text: argument ?? '', stopped: false };
    state.stopped = escaped.stopped;
    const text = conversion === 'c' ? escaped.text.slice(0, 1) : escaped.text.slice(0, limit);
    return pad(text, size, flags.replace('0', ''));
  }
  const number = Number(
    argument?.startsWith('"') || argument?.startsWith("'") ? argument.charCodeAt(1) : (argument ?? 0),
  );
  if (Number.isNaN(number)) complaints.push(`${argument}: expected numeric value`);
  return pad(numberText(Number.isNaN(number) ? 0 : number, conversion, flags, limit), size, flags);
}

function numberText(value: number, conversion: string, flags: string, limit: number | undefined): string {
  const whole = Math.trunc(value);
  const digits = {
    d: () => String(whole),
    i: () => String(whole),
    u: () => String(whole),
    o: () => whole.toString(8),
    x: () => whole.toString(16),
    X: () => whole.toString(16).toUpperCase(),
    f: () => value.toFixed(limit ?? 6),
    e: () => value.toExponential(limit ?? 6),
    E: () => value.toExponential(limit ?? 6).toUpperCase(),
    g: () => String(Number(value.toPrecision(limit ?? 6))),
    G: () => String(Number(value.toPrecision(limit ?? 6))).toUpperCase(),
  }[conversion]!();
  return flags.includes('+') && value >= 0 ? `+${digits}` : digits;
}

function pad(text: string, size: number, flags: string): string {
  if (flags.includes('-')) return text.padEnd(size);
  if (!flags.includes('0')) return text.padStart(size);
  const sign = /^[-+]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(size - sign.length, '0');
}

/** What writes its arguments. */
export const PRINTING: Readonly<Record<string, Program>> = { echo, printf };
