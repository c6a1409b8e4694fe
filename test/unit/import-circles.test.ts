import { readFileSync, globSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PRODUCT = '{cli,clients,config,controllers,crds,reconcilers,sandbox,standalone}/**/*.ts';

/** Every way to name another file: `import`, `import type`, `export … from`, and `import()` of a value or a type. */
const IMPORTS =
  /^(?:import|export)\b[^;'"]*?\bfrom\s*'(\.[^']+\.ts)'|^import\s*'(\.[^']+\.ts)'|\bimport\(\s*'(\.[^']+\.ts)'/gm;

/** The files that this one's text names, by paths from the root. */
function importsOf(file: string, text: string): string[] {
  const named = [...text.matchAll(IMPORTS)].map(([, from, bare, call]) => (from ?? bare ?? call)!);
  return named.map(path => posix.join(posix.dirname(file), path));
}

/** The circles among files, each as a sorted list of its members: the strongly connected components (Tarjan). */
function circlesIn(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): void => {
    order.set(file, order.size);
    lowest.set(file, order.get(file)!);
    path.push(file);
    const targets = imports.get(file) ?? [];
    for (const target of targets) {
      if (!order.has(target)) visit(target);
      if (path.includes(target)) lowest.set(file, Math.min(lowest.get(file)!, lowest.get(target)!));
    }
    if (lowest.get(file) !== order.get(file)) return;
    const members = path.splice(path.indexOf(file));
    if (members.length > 1 || targets.includes(file)) circles.push(members.toSorted());
  };
  for (const file of imports.keys()) if (!order.has(file)) visit(file);
  return circles.toSorted(([a], [b]) => a!.localeCompare(b!));
}

/** The circles among files with these texts. */
const circlesAmong = (texts: Record<string, string>): string[][] =>
  circlesIn(new Map(Object.entries(texts).map(([file, text]) => [file, importsOf(file, text)])));

describe('A circle of imports', () => {
  it('is found whatever kind of import closes it', () => {
    const back = { 'b/b.ts': "import type { A } from '../a/a.ts';" };
    for (const closing of [
      "import { b } from '../b/b.ts';",
      "import b, {\n  type B,\n} from '../b/b.ts';",
      "import type { B } from '../b/b.ts';",
      "import '../b/b.ts';",
      "export * from '../b/b.ts';",
      "export type { B } from '../b/b.ts';",
      "const b = await import('../b/b.ts');",
      "type B = import('../b/b.ts').B;",
    ])
      expect(circlesAmong({ 'a/a.ts': closing, ...back }), closing).to.deep.equal([['a/a.ts', 'b/b.ts']]);
  });

  it('is found at any length, a file that imports itself too', () => {
    expect(circlesAmong({ 'a.ts': "import type { A } from './a.ts';" })).to.deep.equal([['a.ts']]);
    const long = { 'a.ts': "import './b.ts';", 'b.ts': "import './c/c.ts';", 'c/c.ts': "import '../a.ts';" };
    expect(circlesAmong({ ...long, 'd.ts': "import './a.ts';" })).to.deep.equal([['a.ts', 'b.ts', 'c/c.ts']]);
  });

  it('is told from others, and from a file that two others share', () => {
    const two = new Map([
      ['a', ['b']],
      ['b', ['a', 'c']],
      ['c', ['d']],
      ['d', ['c']],
    ]);
    expect(circlesIn(two)).to.deep.equal([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    const diamond = new Map([
      ['a', ['b', 'c']],
      ['b', ['d']],
      ['c', ['d', 'b']],
      ['d', []],
    ]);
    expect(circlesIn(diamond)).to.deep.equal([]);
  });

  it('is not in the product', () => {
    const files = globSync(PRODUCT, { cwd: root }).map(file => file.replaceAll('\\', '/'));
    const imports = new Map(files.map(file => [file, importsOf(file, readFileSync(root + file, 'utf8'))]));
    const missing = [...imports.values()].flat().filter(target => !imports.has(target));
    expect(files).to.have.length.above(300);
    expect(missing, 'imports that lead nowhere: they were misread').to.deep.equal([]);
    expect(circlesIn(imports)).to.deep.equal([]);
  });
});
