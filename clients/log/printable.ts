/**
 * What a terminal obeys or does not show: control characters and with them every escape sequence, what turns the
 * direction of writing around, what takes no room, halves of characters, and the other two ends of a line.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Text from elsewhere (a remote command's output, an API's message, a name in the cloud) as it may stand on one line of
 * a terminal, a log or a file: what would move the cursor, begin a line, or pass for something else is written as JSON
 * writes it, `\u001b`.
 */
export function printable(text: string): string {
  return text.replace(UNSEEN, character => (character === '\n' ? '\\n' : escaped(character)));
}

/** The same of several lines, whose ends stay. JSON text stays the same JSON. */
export function printableLines(text: string): string {
  return text.replace(UNSEEN, character => (character === '\n' ? character : escaped(character)));
}

/** Text from elsewhere in quotes, printable, and with three dots for what is beyond `most` characters. */
export function quoted(text: string, most = 60): string {
  return `"${printable(shortened(text, most)).replaceAll('"', '\\"')}"`;
}

/** No more than so many characters of it, with three dots for the rest. */
export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}...` : text;
}

const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, i) => {
    return `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }).join('');
