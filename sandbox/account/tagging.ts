import type { AccountContext } from './context.ts';

/** Tags are the same whatever their case, and keep the spelling that they were made with. */
export const tagKey = (name: string): string => name.toLowerCase();

export const hasTag = (tags: readonly string[], name: string): boolean =>
  tags.some(tag => tagKey(tag) === tagKey(name));

/** The account's spellings of `names`, each once; those that are new are made. They must be valid. */
export function ensureTags(context: AccountContext, names: readonly string[]): string[] {
  for (const name of names)
    if (context.state.get('tags', tagKey(name)) === undefined)
      context.state.put('tags', tagKey(name), { name });
  return [...new Set(names.map(name => context.state.get('tags', tagKey(name))!.name))];
}

/** `tags` without one of them. */
export const withoutTag = (tags: readonly string[], name: string): string[] =>
  tags.filter(tag => tagKey(tag) !== tagKey(name));
