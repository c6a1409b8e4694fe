import { ShellSyntaxError, type Redirection, type Word } from './syntax.ts';
import { take, type Cursor, type WordReader } from './words.ts';

export type Token =
  | { readonly type: 'operator'; readonly text: string }
  /** `reserved` is its text when nothing in it is quoted or expanded: only then can it be a reserved word. */
  | { readonly type: 'word'; readonly word: Word; readonly reserved: string | undefined }
  /** A number right before a redirection. */
  | { readonly type: 'descriptor'; readonly number: number }
  | { readonly type: 'newline' }
  | { readonly type: 'end' };

export interface Lexer {
  peek(): Token;
  next(): Token;
  /** The text after the current line becomes the redirection's target. */
  expectDocument(redirection: Redirection, stripTabs: boolean): void;
}

const OPERATOR = /&&|\|\||;;|<<-?|<&|>&|<>|>>|>\||[;&|<>()]/y;
const BLANK = /(?:[ \t]|\\\n)+/y;
const COMMENT = /#[^\n]*/y;

interface Document {
  readonly redirection: Redirection;
  readonly stripTabs: boolean;
}

export function createLexer(cursor: Cursor, words: WordReader): Lexer {
  let ahead: Token | undefined;
  let documents: Document[] = [];

  function read(): Token {
    take(cursor, BLANK);
    take(cursor, COMMENT);
    if (cursor.at >= cursor.text.length) return endOfScript();
    if (cursor.text[cursor.at] === '\n') return newline();
    const descriptor = take(cursor, /[0-9]+(?=[<>])/y);
    if (descriptor !== undefined) return { type: 'descriptor', number: Number(descriptor) };
    const operator = take(cursor, OPERATOR);
    if (operator !== undefined) return { type: 'operator', text: operator };
    const word = words.word(cursor);
    return { type: 'word', word, reserved: plainText(word) };
  }

  function endOfScript(): Token {
    for (const document of documents) readDocument(document);
    documents = [];
    return { type: 'end' };
  }

  function newline(): Token {
    cursor.at += 1;
    for (const document of documents) readDocument(document);
    documents = [];
    return { type: 'newline' };
  }

  // The end of the script ends a document too, as in dash.
  function readDocument({ redirection, stripTabs }: Document): void {
    const delimiter = redirection.target.map(part => (part.type === 'text' ? part.text : '')).join('');
    const isQuoted = redirection.target.some(part => part.type === 'text' && part.quoted);
    let content = '';
    while (cursor.at < cursor.text.length) {
      const line = take(cursor, /[^\n]*\n?/y)!;
      const stripped = stripTabs ? line.replace(/^\t+/, '') : line;
      if (stripped.replace('\n', '') === delimiter) break;
      content += stripped;
    }
    redirection.target = isQuoted
      ? [{ type: 'text', text: content, quoted: true }]
      : words.hereDocument(content);
  }

  const peek = (): Token => (ahead ??= read());
  return {
    peek,
    next() {
      const token = peek();
      ahead = undefined;
      return token;
    },
    expectDocument(redirection, stripTabs) {
      if (redirection.target.some(part => part.type !== 'text'))
        throw new ShellSyntaxError('a here-document must end at a plain word');
      documents.push({ redirection, stripTabs });
    },
  };
}

function plainText(word: Word): string | undefined {
  const [part] = word;
  return word.length === 1 && part?.type === 'text' && !part.quoted ? part.text : undefined;
}
