/** Characters that mean themselves in every shell. No `=`: at the start of a line it would be an assignment. */
const PLAIN = /^[A-Za-z0-9_@%+:,./-]+$/;

/** Words that are syntax when a line begins with them unquoted, in sh, bash or zsh. */
const RESERVED: ReadonlySet<string> = new Set(
  'if then else elif fi do done case esac while until for in function select time coproc repeat foreach end nocorrect'.split(
    ' ',
  ),
);

/**
 * The line that makes a POSIX shell run a program with exactly these arguments: what sshd hands to the user's
 * shell.
 * @throws TypeError when no line can do it: without a program, or with a NUL in an argument.
 */
export function quoteCommand(argv: readonly string[]): string {
  const [program = '', ...rest] = argv;
  if (program === '') throw new TypeError('A command needs a program.');
  const first = RESERVED.has(program) ? `'${program}'` : quoteWord(program);
  return [first, ...rest.map(quoteWord)].join(' ');
}

function quoteWord(word: string): string {
  if (word.includes('\0')) throw new TypeError('An argument of a command cannot hold a NUL.');
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
