/** What is not seen, or looks like a space, by name. */
const UNSEEN: Readonly<Record<string, string>> = {
  '\u00A0': 'a no-break space',
  '\u00AD': 'a soft hyphen',
  '\u200B': 'a zero-width space',
  '\u200C': 'a zero-width non-joiner',
  '\u200D': 'a zero-width joiner',
  '\u200E': 'a left-to-right mark',
  '\u200F': 'a right-to-left mark',
  '\u202F': 'a narrow no-break space',
  '\u2060': 'a word joiner',
  '\uFEFF': 'a byte order mark',
};

/** Dashes, quotes and digits that word processors put in the place of those on the keyboard. */
const DASHES = /\p{Pd}|\u2212/u;

/** Letters of other alphabets, each before the one that it looks like. */
const LOOK_ALIKES =
  'аaсcԁdеeһhіiјjӏlоoрpԛqѕsуyхxАAВBЕEНHІIЈJКKМMОOРPЅSТTХXУYαaεeιiκkνvοoρpτtυuχxΑAΒBΕEΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXıi';
const LETTERS = new Map(
  Array.from({ length: LOOK_ALIKES.length / 2 }, (_, i) => [LOOK_ALIKES[2 * i]!, LOOK_ALIKES[2 * i + 1]!]),
);

/** The text with letters of other alphabets as the ones that they look like, and without what is not seen. */
export const withoutOddCharacters = (text: string): string =>
  Array.from(text, character => LETTERS.get(character) ?? character)
    .join('')
    .replaceAll(/\p{Cf}/gu, '');

/**
 * The first character of a value that is not what it seems, with its place, as an end of a message:
 * `; its character 3 is U+200B, a zero-width space`. Nothing when there is none.
 */
export function nameOddCharacter(value: string): string {
  for (const [i, character] of Array.from(value).entries()) {
    const name = /[ -~]/.test(character) ? undefined : nameOf(character);
    if (name !== undefined) return `; its character ${i + 1} is ${codeOf(character)}, ${name}`;
  }
  return '';
}

function nameOf(character: string): string | undefined {
  const letter = LETTERS.get(character);
  if (letter !== undefined)
    return `${alphabetOf(character)} letter that looks like ${JSON.stringify(letter)}`;
  if (DASHES.test(character)) return 'a dash that looks like "-"';
  if (/\p{Z}/u.test(character)) return UNSEEN[character] ?? 'a kind of space';
  return UNSEEN[character] ?? (/\p{C}/u.test(character) ? 'which nobody sees' : undefined);
}

function alphabetOf(letter: string): string {
  if (/\p{Script=Cyrillic}/u.test(letter)) return 'a Cyrillic';
  return /\p{Script=Greek}/u.test(letter) ? 'a Greek' : 'another';
}

const codeOf = (character: string): string =>
  `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
