// A host's authorized_keys as text: lines of persons stay as they are.

/** Type and key of a public key's line, without options before and comment behind. */
export function keyMaterial(line: string): string {
  return /\b(?:ssh|ecdsa|sk)-\S+ +[A-Za-z0-9+/]+=*/.exec(line)?.[0].replace(/ +/, ' ') ?? '';
}

/** Whether the key may log in. */
export const letsIn = (authorizedKeys: string, publicKey: string): boolean =>
  authorizedKeys.split('\n').some(line => isOf(line, publicKey));

/** The text with the key in it. */
export function withKey(authorizedKeys: string, publicKey: string): string {
  if (letsIn(authorizedKeys, publicKey)) return authorizedKeys;
  const before =
    authorizedKeys === '' || authorizedKeys.endsWith('\n') ? authorizedKeys : `${authorizedKeys}\n`;
  return `${before}${publicKey.trim()}\n`;
}

/** The text without the key. */
export const withoutKey = (authorizedKeys: string, publicKey: string): string =>
  authorizedKeys
    .split('\n')
    .filter(line => !isOf(line, publicKey))
    .join('\n');

const isOf = (line: string, publicKey: string): boolean =>
  !line.trimStart().startsWith('#') && keyMaterial(line) === keyMaterial(publicKey);
