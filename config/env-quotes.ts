import type { OffsetProblem } from './problems.ts';

/** Name, `=` and the quote that opens the value; a comment is none. */
const OPENING = /^[ \t]*(?!#)[^=\n]+=[ \t]*(["'`])/;
/** Not the padding that base64 ends with, in a key of many lines. */
const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?[A-Za-z_]\w*[ \t]*=(?!=*[ \t]*$)/m;

/**
 * The quotes in the text of a .env file that would end a line too late, or never. A value may have many lines, but
 * none of them may look like the next variable: it would be lost without a word.
 * @param text with lines that end in LF.
 */
export function unclosedQuotes(text: string): OffsetProblem[] {
  const problems: OffsetProblem[] = [];
  for (let start = 0; start < text.length;) {
    const value = quotedValue(text, start);
    if (value?.isOpen) problems.push({ offset: value.offset, found: value.quote, message: UNCLOSED });
    start = endOfLine(text, value === undefined || value.isOpen ? start : value.closing) + 1;
  }
  return problems;
}

const UNCLOSED =
  'this quote is not closed before the next variable; close it, or put a value that has such a sign in it between quotes of the other kind; nothing in this file is used until then';

/** The value of the variable in that line, if it begins with a quote. */
function quotedValue(text: string, start: number) {
  const end = endOfLine(text, start);
  const [before, quote] = OPENING.exec(text.slice(start, end)) ?? [];
  if (before === undefined || quote === undefined) return undefined;
  const offset = start + before.length - 1;
  const closing = text.indexOf(quote, offset + 1);
  return { offset, quote, closing, isOpen: closing < 0 || (closing > end && !isWhole(text, end, closing)) };
}

/** Whether what follows the first line, to that closing quote, is one value and all there is in the last line. */
const isWhole = (text: string, end: number, closing: number): boolean =>
  !ASSIGNMENT.test(text.slice(end + 1, closing)) &&
  /^[ \t]*(?:#.*)?$/.test(text.slice(closing + 1, endOfLine(text, closing)));

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}
