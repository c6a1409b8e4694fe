/** Permission bits as chmod takes them: octal, or clauses such as `u+x,go-w`, which change `before`. */
export function parseMode(text: string, before: number): number {
  if (/^[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  let mode = before;
  for (const clause of text.split(',')) {
    const match = /^([ugoa]*)([-+=])([rwxXst]*)$/.exec(clause);
    if (match === null) return Number.NaN;
    mode = applyClause(mode, match[1]!, match[2]!, match[3]!);
  }
  return mode;
}

const SHIFTS: Record<string, number> = { u: 6, g: 3, o: 0 };
const BITS: Record<string, number> = { r: 4, w: 2, x: 1, X: 1 };

function applyClause(mode: number, who: string, operator: string, what: string): number {
  const classes = who === '' || who.includes('a') ? ['u', 'g', 'o'] : Array.from(who);
  const bits = Array.from(what).reduce((sum, letter) => sum | (BITS[letter] ?? 0), 0);
  let changed = mode;
  for (const name of classes) {
    const shift = SHIFTS[name]!;
    if (operator === '=') changed = (changed & ~(7 << shift)) | (bits << shift);
    else changed = operator === '+' ? changed | (bits << shift) : changed & ~(bits << shift);
  }
  return changed;
}

const TYPES = { file: '-', directory: 'd', link: 'l', device: 'c' } as const;

/** `drwxr-xr-x`, as ls prints it. */
export function modeText(mode: number, type: keyof typeof TYPES): string {
  const letters = Array.from('rwxrwxrwx', (letter, index) =>
    (mode & (1 << (8 - index))) === 0 ? '-' : letter,
  );
  if ((mode & 0o1000) !== 0) letters[8] = letters[8] === 'x' ? 't' : 'T';
  return TYPES[type] + letters.join('');
}
