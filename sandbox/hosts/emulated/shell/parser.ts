import { createLexer, type Lexer, type Token } from './lexer.ts';
import {
  ShellSyntaxError,
  type AndOr,
  type Assignment,
  type Command,
  type Pipeline,
  type Redirection,
  type Script,
  type Word,
} from './syntax.ts';
import { createWordReader, type Cursor } from './words.ts';

/** Scripts that were read last: every host is sent the same ones over and over. */
const RECENT = new Map<string, Script>();
const MOST_RECENT = 64;

/** Reads a whole script. Throws ShellSyntaxError, also for what POSIX has and this shell has not. */
export function parseScript(text: string): Script {
  const script = RECENT.get(text) ?? readScript(text);
  RECENT.delete(text);
  RECENT.set(text, script);
  if (RECENT.size > MOST_RECENT) RECENT.delete(RECENT.keys().next().value!);
  return script;
}

function readScript(text: string): Script {
  const parser = createParser({ text, at: 0 });
  const script = parser.list();
  parser.expectEnd();
  return script;
}

const words = createWordReader(cursor => {
  const parser = createParser(cursor);
  const script = parser.list();
  parser.expectOperator(')');
  return script;
});

/** What ends a list of commands where a command could begin. */
const CLOSING = new Set(['then', 'else', 'elif', 'fi', 'do', 'done', 'esac', '}']);
const REDIRECTIONS = new Set(['<', '>', '>>', '>|', '<>', '<&', '>&', '<<', '<<-']);
const FUNCTION_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

type Simple = Extract<Command, { type: 'simple' }>;

function createParser(cursor: Cursor) {
  const lexer = createLexer(cursor, words);
  const COMPOUND: Readonly<Record<string, () => Command>> = {
    '{': group,
    if: conditional,
    while: () => loop(false),
    until: () => loop(true),
    for: forLoop,
    case: choice,
  };

  function list(): Script {
    const found: AndOr[] = [];
    for (skipNewlines(lexer); !endsList(lexer.peek()); skipSeparators()) found.push(andOr());
    return found;
  }

  function skipSeparators(): void {
    if (isOperator(lexer.peek(), '&'))
      throw new ShellSyntaxError('jobs in the background (&) are not emulated');
    if (isOperator(lexer.peek(), ';')) lexer.next();
    else if (lexer.peek().type !== 'newline' && !endsList(lexer.peek())) throw unexpected(lexer.peek());
    skipNewlines(lexer);
  }

  function andOr(): AndOr {
    const steps: AndOr['steps'][number][] = [{ operator: '&&', pipeline: pipeline() }];
    for (let token = lexer.peek(); isOperator(token, '&&') || isOperator(token, '||'); token = lexer.peek()) {
      lexer.next();
      skipNewlines(lexer);
      steps.push({ operator: token.text, pipeline: pipeline() });
    }
    return { steps };
  }

  function pipeline(): Pipeline {
    const negated = isReserved(lexer.peek(), '!');
    if (negated) lexer.next();
    const commands = [command()];
    while (isOperator(lexer.peek(), '|')) {
      lexer.next();
      skipNewlines(lexer);
      commands.push(command());
    }
    return { negated, commands };
  }

  function command(): Command {
    const token = lexer.peek();
    if (isOperator(token, '(')) return subshell();
    const compound = token.type === 'word' ? COMPOUND[token.reserved ?? ''] : undefined;
    return (compound ?? simple)();
  }

  function subshell(): Command {
    lexer.next();
    const body = list();
    expectOperator(')');
    return { type: 'subshell', body, redirections: redirections() };
  }

  function group(): Command {
    lexer.next();
    const body = list();
    expectReserved('}');
    return { type: 'group', body, redirections: redirections() };
  }

  function conditional(): Command {
    const branches: { condition: Script; body: Script }[] = [];
    do {
      lexer.next();
      const condition = list();
      expectReserved('then');
      branches.push({ condition, body: list() });
    } while (isReserved(lexer.peek(), 'elif'));
    const hasElse = isReserved(lexer.peek(), 'else');
    if (hasElse) lexer.next();
    const otherwise = hasElse ? list() : undefined;
    expectReserved('fi');
    return { type: 'if', branches, otherwise, redirections: redirections() };
  }

  function loop(until: boolean): Command {
    lexer.next();
    const condition = list();
    const body = loopBody();
    return { type: 'while', until, condition, body, redirections: redirections() };
  }

  function loopBody(): Script {
    expectReserved('do');
    const body = list();
    expectReserved('done');
    return body;
  }

  function forLoop(): Command {
    lexer.next();
    const name = expectPlain();
    skipNewlines(lexer);
    let items: Word[] | undefined;
    if (isReserved(lexer.peek(), 'in')) {
      lexer.next();
      items = [];
      for (let token = lexer.peek(); token.type === 'word'; token = lexer.peek()) {
        items.push(token.word);
        lexer.next();
      }
    }
    if (isOperator(lexer.peek(), ';')) lexer.next();
    skipNewlines(lexer);
    const body = loopBody();
    return { type: 'for', name, words: items, body, redirections: redirections() };
  }

  function choice(): Command {
    lexer.next();
    const subject = expectWord();
    skipNewlines(lexer);
    expectReserved('in');
    skipNewlines(lexer);
    const items: { patterns: Word[]; body: Script }[] = [];
    while (!isReserved(lexer.peek(), 'esac')) items.push(choiceItem());
    lexer.next();
    return { type: 'case', subject, items, redirections: redirections() };
  }

  function choiceItem(): { patterns: Word[]; body: Script } {
    if (isOperator(lexer.peek(), '(')) lexer.next();
    const patterns = [expectWord()];
    while (isOperator(lexer.peek(), '|')) {
      lexer.next();
      patterns.push(expectWord());
    }
    expectOperator(')');
    const body = list();
    if (isOperator(lexer.peek(), ';;')) lexer.next();
    else if (!isReserved(lexer.peek(), 'esac')) throw unexpected(lexer.peek());
    skipNewlines(lexer);
    return { patterns, body };
  }

  function simple(): Command {
    const assignments: Assignment[] = [];
    const found: Word[] = [];
    const redirected: Redirection[] = [];
    for (;;) {
      const redirection = tryRedirection();
      if (redirection !== undefined) {
        redirected.push(redirection);
        continue;
      }
      const token = lexer.peek();
      if (token.type !== 'word') break;
      lexer.next();
      const assignment = found.length === 0 ? assignmentOf(token.word) : undefined;
      if (assignment !== undefined) assignments.push(assignment);
      else found.push(token.word);
      if (found.length === 1 && isOperator(lexer.peek(), '(')) return functionNamed(token);
    }
    if (found.length + assignments.length + redirected.length === 0) throw unexpected(lexer.peek());
    return { type: 'simple', assignments, words: found, redirections: redirected } satisfies Simple;
  }

  function functionNamed(token: Token & { type: 'word' }): Command {
    lexer.next();
    expectOperator(')');
    skipNewlines(lexer);
    if (token.reserved === undefined || !FUNCTION_NAME.test(token.reserved))
      throw new ShellSyntaxError('Bad function name');
    return { type: 'function', name: token.reserved, body: command() };
  }

  function redirections(): Redirection[] {
    const found: Redirection[] = [];
    for (let next = tryRedirection(); next !== undefined; next = tryRedirection()) found.push(next);
    return found;
  }

  function tryRedirection(): Redirection | undefined {
    let token = lexer.peek();
    const descriptor = token.type === 'descriptor' ? token.number : undefined;
    if (descriptor !== undefined) {
      lexer.next();
      token = lexer.peek();
    }
    if (token.type !== 'operator' || !REDIRECTIONS.has(token.text)) return undefined;
    lexer.next();
    const isDocument = token.text.startsWith('<<');
    const operator = (isDocument ? '<<' : token.text) as Redirection['operator'];
    const redirection = {
      descriptor: descriptor ?? (operator.startsWith('<') ? 0 : 1),
      operator,
      target: expectWord(),
    };
    if (isDocument) lexer.expectDocument(redirection, token.text === '<<-');
    return redirection;
  }

  function expectWord(): Word {
    const token = lexer.next();
    if (token.type !== 'word') throw unexpected(token);
    return token.word;
  }

  function expectPlain(): string {
    const token = lexer.next();
    if (token.type !== 'word' || token.reserved === undefined) throw unexpected(token);
    return token.reserved;
  }

  function expectReserved(text: string): void {
    const token = lexer.next();
    if (!isReserved(token, text)) throw unexpected(token, text);
  }

  function expectOperator(text: string): void {
    const token = lexer.next();
    if (!isOperator(token, text)) throw unexpected(token, text);
  }

  function expectEnd(): void {
    const token = lexer.next();
    if (token.type !== 'end') throw unexpected(token);
  }

  return { list, expectOperator, expectEnd };
}

function skipNewlines(lexer: Lexer): void {
  while (lexer.peek().type === 'newline') lexer.next();
}

const isOperator = <T extends string>(token: Token, text: T): token is { type: 'operator'; text: T } =>
  token.type === 'operator' && token.text === text;

const isReserved = (token: Token, text: string): boolean => token.type === 'word' && token.reserved === text;

const endsList = (token: Token): boolean =>
  token.type === 'end' ||
  isOperator(token, ')') ||
  isOperator(token, ';;') ||
  (token.type === 'word' && token.reserved !== undefined && CLOSING.has(token.reserved));

function assignmentOf(word: Word): Assignment | undefined {
  const [first, ...rest] = word;
  if (first?.type !== 'text' || first.quoted) return undefined;
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=([^]*)$/.exec(first.text);
  if (match === null) return undefined;
  return { name: match[1]!, value: [{ type: 'text', text: match[2]!, quoted: false }, ...rest] };
}

function unexpected(token: Token, wanted?: string): ShellSyntaxError {
  const what = {
    operator: () => `"${(token as { text: string }).text}"`,
    word: () => (token as { reserved?: string }).reserved ?? 'word',
    descriptor: () => 'redirection',
    newline: () => 'newline',
    end: () => 'end of file',
  }[token.type]();
  return new ShellSyntaxError(`${what} unexpected${wanted === undefined ? '' : ` (expecting "${wanted}")`}`);
}
