import { unprocessable } from '../errors.ts';
import { stringList } from '../input.ts';

const TAG = /^[a-zA-Z0-9_:-]{1,255}$/;

export const isTagName = (name: string): boolean => TAG.test(name);

/** Reads `tags`, which need not exist yet. */
export function readTags(body: Readonly<Record<string, unknown>>): readonly string[] {
  const tags = stringList(body, 'tags');
  const invalid = tags.find(tag => !isTagName(tag));
  if (invalid !== undefined) throw unprocessable(`Error validating resource tag: "${invalid}" is invalid`);
  return tags;
}
