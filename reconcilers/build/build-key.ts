import { createHash } from 'node:crypto';

/** Everything that decides what a build makes. */
export interface BuildInput {
  /** Git's id of the files. */
  tree: string;
  containerfile: string;
  context: string;
}

/** What builds of the same files in the same way have in common: 12 hexadecimal digits. */
export const buildKeyOf = ({ tree, containerfile, context }: BuildInput): string =>
  createHash('sha256')
    .update(JSON.stringify([tree, plain(containerfile), plain(context)]))
    .digest('hex')
    .slice(0, 12);

/** `./a/` is `a`. */
const plain = (path: string): string => path.replace(/^(\.\/)+/, '').replace(/\/+$/, '') || '.';
