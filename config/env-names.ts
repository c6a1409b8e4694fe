import type { OffsetProblem } from './problems.ts';

/** The variables that dropfleet itself reads. */
const NAMES: ReadonlySet<string> = new Set([
  'DO_TOKEN',
  'DIGITALOCEAN_API_URL',
  'ADMIN_IP',
  'ADDITIONAL_IPS',
  'DROPFLEET_OPERATOR_IP',
  'DROPFLEET_ECHO_URLS',
  'DROPFLEET_FLEET',
  'DROPFLEET_PAGE_TOKEN',
  'DROPFLEET_SSH_PORT',
  'DROPFLEET_HOSTS',
]);

/**
 * Whether a variable of that name is dropfleet's own, now or later, and so never a service's: no name of a secret may
 * lead to the token.
 */
export const isOwnName = (name: string): boolean => NAMES.has(name) || name.startsWith('DROPFLEET_');

/** The names that Terraform, doctl, Ansible and DigitalOcean's own guides have for the token. */
export const FOREIGN_TOKEN_NAMES: readonly string[] = [
  'DIGITALOCEAN_TOKEN',
  'DIGITALOCEAN_ACCESS_TOKEN',
  'DO_API_TOKEN',
  'DO_PAT',
];

/** The variable that such a name stands for, when it is spelled otherwise. */
export function nameMeantBy(name: string): string | undefined {
  const meant = name.toUpperCase().replaceAll('-', '_');
  if (FOREIGN_TOKEN_NAMES.includes(meant)) return meant === name ? undefined : 'DO_TOKEN';
  return meant !== name && NAMES.has(meant) ? meant : undefined;
}

/** What stands before a value: in a shell, in cmd, in PowerShell, in YAML. */
const BEFORE_VALUE = /^[ \t]*(?:export[ \t]+)?((set[ \t]+|\$env:)?([A-Za-z][\w-]*)[ \t]*([=:]))/gim;

/** The lines of a .env file's text that are to set one of dropfleet's variables and set none, with its name. */
export function misspelled(text: string): { meant: string; problem: OffsetProblem }[] {
  return [...text.matchAll(BEFORE_VALUE)].flatMap(match => {
    const [whole, found, prefix, name, sign] = match;
    const meant = FOREIGN_TOKEN_NAMES.includes(name!) ? 'DO_TOKEN' : (nameMeantBy(name!) ?? name!);
    // One that other tools read and that is set in the right way is told where its value is known.
    const isRight = prefix === undefined && nameMeantBy(name!) === undefined && sign === '=';
    if (isRight || !NAMES.has(meant)) return [];
    const offset = match.index + whole.length - found!.length;
    const message = `this sets nothing; write ${meant}=, and then the value`;
    return [{ meant, problem: { offset, found: found!, message } }];
  });
}
