import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the page. */
export interface Asset {
  type: string;
  content: Buffer;
  /** For If-None-Match. */
  etag: string;
}

const PAGE = join(import.meta.dirname, '..', '..', 'page');
const LIT = fileURLToPath(new URL('.', import.meta.resolve('lit-html')));

const HTML = 'text/html; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';
const IMAGE = 'image/svg+xml';

/** Every path that there is, relative as the files themselves are: modules import each other so on the disk, too. */
const ASSETS: Readonly<Record<string, { file: string; type: string }>> = {
  '/': { file: join(PAGE, 'index.html'), type: HTML },
  '/page/style.css': { file: join(PAGE, 'style.css'), type: STYLE },
  '/page/icon.svg': { file: join(PAGE, 'icon.svg'), type: IMAGE },
  '/page/main.js': { file: join(PAGE, 'main.js'), type: SCRIPT },
  '/page/fleet.js': { file: join(PAGE, 'fleet.js'), type: SCRIPT },
  '/page/drawing.js': { file: join(PAGE, 'drawing.js'), type: SCRIPT },
  '/page/words.js': { file: join(PAGE, 'words.js'), type: SCRIPT },
  '/node_modules/lit-html/lit-html.js': { file: join(LIT, 'lit-html.js'), type: SCRIPT },
};

export const isAsset = (path: string): boolean => Object.hasOwn(ASSETS, path);

/** Reads a file of the page; each is small, and nobody asks often. */
export async function readAsset(path: string): Promise<Asset> {
  const { file, type } = ASSETS[path]!;
  const content = await readFile(file);
  return { type, content, etag: `"${createHash('sha256').update(content).digest('base64url')}"` };
}
