/** A directive with its arguments, and the ones in its block. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly block: readonly Directive[] | undefined;
  /** `file:line`, for complaints. */
  readonly place: string;
}

/** nginx would not start with it. */
export class NginxConfigError extends Error {
  override readonly name = 'NginxConfigError';
}

const TOKEN =
  /\s+|#[^\n]*|([{};])|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|((?:\$\{[^}]*\}|[^\s{};"'#\\]|\\.)(?:\$\{[^}]*\}|[^\s{};\\]|\\.)*)/gsy;

interface Token {
  readonly text: string;
  readonly isSyntax: boolean;
  readonly line: number;
}

/** Reads a configuration file. Throws NginxConfigError with nginx's own words. */
export function parseNginxConfig(text: string, file: string): Directive[] {
  const tokens = tokenize(text, file);
  let at = 0;

  function directives(isBlock: boolean): Directive[] {
    const found: Directive[] = [];
    for (;;) {
      const token = tokens[at];
      if (token === undefined) {
        if (isBlock)
          throw new NginxConfigError(
            `unexpected end of file, expecting "}" in ${file}:${tokens.at(-1)?.line ?? 1}`,
          );
        return found;
      }
      if (token.isSyntax && token.text === '}') {
        if (!isBlock) throw new NginxConfigError(`unexpected "}" in ${file}:${token.line}`);
        at += 1;
        return found;
      }
      found.push(directive());
    }
  }

  function directive(): Directive {
    const words: string[] = [];
    for (let token = tokens[at++]; token !== undefined; token = tokens[at++]) {
      const place = `${file}:${token.line}`;
      if (!token.isSyntax) {
        words.push(token.text);
        continue;
      }
      const [name, ...args] = words;
      if (name === undefined || token.text === '}')
        throw new NginxConfigError(`unexpected "${token.text}" in ${place}`);
      return { name, args, block: token.text === '{' ? directives(true) : undefined, place };
    }
    throw new NginxConfigError(
      `unexpected end of file, expecting ";" or "}" in ${file}:${tokens.at(-1)?.line ?? 1}`,
    );
  }

  return directives(false);
}

function tokenize(text: string, file: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) throw new NginxConfigError(`unexpected character in ${file}:${line}`);
    const [whole, syntax, double, single, plain] = match;
    const word =
      double?.replace(/\\(["'\\])/g, '$1').replace(/\\n/g, '\n') ??
      single?.replace(/\\(["'\\])/g, '$1') ??
      plain;
    if (syntax !== undefined) tokens.push({ text: syntax, isSyntax: true, line });
    else if (word !== undefined) tokens.push({ text: word, isSyntax: false, line });
    line += whole.split('\n').length - 1;
  }
  return tokens;
}
