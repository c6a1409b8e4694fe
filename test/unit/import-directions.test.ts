import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Every room, and the rooms that it may import. */
const ALLOWED: Record<string, string[]> = {
  crds: ['crds'],
  clients: ['crds', 'clients'],
  config: ['crds', 'config'],
  reconcilers: ['crds', 'clients', 'config', 'reconcilers'],
  controllers: ['crds', 'clients', 'config', 'reconcilers', 'controllers'],
  cli: ['crds', 'clients', 'config', 'reconcilers', 'controllers', 'cli', 'standalone', 'sandbox'],
  standalone: ['crds', 'standalone'],
  sandbox: ['crds', 'sandbox'],
};
const rooms = Object.keys(ALLOWED);

/** The rooms of the sandbox, likewise. */
const IN_SANDBOX: Record<string, string[]> = {
  account: ['account'],
  hosts: ['account', 'hosts'],
  api: ['account', 'api'],
  control: ['account', 'hosts', 'api', 'control'],
};

/** Pure files: of reconcilers/, only what is pure too. */
const PURE = [
  'reconcilers/droplet/plan.ts',
  'reconcilers/nginx/render.ts',
  'reconcilers/read-model/x.ts',
  'reconcilers/gate/effect.ts',
  'reconcilers/gate/policy.ts',
];
const IMPURE_IMPORTS = ['clients/a/b.ts', 'config/b.ts', 'reconcilers/droplet/apply.ts'];

describe('The import rule', function () {
  this.timeout(30_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'dropfleet-imports-'));
    cpSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** The files among these, by path and what they import, that lint complains about. */
  function refused(imports: readonly Import[]): string[] {
    for (const [file, target] of imports) write(file, target);
    const report = lint(folder);
    return imports
      .map(([file]) => file)
      .filter(file => report.some(({ filename }) => filename === file || filename.endsWith(`/${file}`)));
  }

  function write(file: string, target: string): void {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    const up = '../'.repeat(file.split('/').length - 1);
    writeFileSync(path, `import { x } from '${up}${target}';\nexport const y = x;\n`);
  }

  it('lets every room import what the design allows, and nothing else', () => {
    const pairs = pairsOf([...rooms, 'test'], '');
    expect(refused(pairs)).to.deep.equal(forbiddenOf(pairs, ALLOWED));
  });

  it('lets nothing in the sandbox import what answers the requests', () => {
    const pairs = pairsOf(Object.keys(IN_SANDBOX), 'sandbox/');
    expect(refused(pairs)).to.deep.equal(forbiddenOf(pairs, IN_SANDBOX));
  });

  it('lets the page import nothing of the product but itself', () => {
    const pairs = ['page', ...rooms, 'test'].map(
      to => [`page/deep/page-to-${to}.ts`, `${to}/deep/target.ts`] as const,
    );
    expect(refused(pairs)).to.deep.equal(forbiddenOf(pairs, { page: ['page'] }));
  });

  it('keeps I/O out of pure files', () => {
    const pairs = PURE.flatMap(file =>
      [...IMPURE_IMPORTS].map((target, i) => [variant(file, i), target] as const),
    );
    expect(refused(pairs)).to.deep.equal(pairs.map(([file]) => file));
    const pure = PURE.map((file, i) => [variant(file, 10 + i), 'reconcilers/project/plan.ts'] as const);
    expect(refused(pure)).to.deep.equal([]);
  });

  /** Another folder for each case, as the rule goes by file name. */
  const variant = (file: string, n: number): string =>
    file.startsWith('reconcilers/read-model/')
      ? file.replace('x.ts', `x${n}.ts`)
      : file.replace(/^(reconcilers\/\w+)\//, `$1${n}/`);
});

type Import = readonly [file: string, target: string];

/** A file in each room for each room that it imports, itself included. */
const pairsOf = (all: readonly string[], parent: string): Import[] =>
  all
    .filter(from => from !== 'test')
    .flatMap(from =>
      all.map(to => [`${parent}${from}/deep/${from}-to-${to}.ts`, `${parent}${to}/deep/target.ts`] as const),
    );

const forbiddenOf = (pairs: readonly Import[], allowed: Record<string, string[]>): string[] =>
  pairs
    .map(([file]) => file)
    .filter(file => {
      const [from, to] = file.replace('.ts', '').split('/').at(-1)!.split('-to-');
      return !allowed[from!]!.includes(to!);
    });

interface Complaint {
  filename: string;
  code: string;
}

function lint(folder: string): Complaint[] {
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
  const args = [oxlint, '--format', 'json', '-A', 'all', '-D', 'no-restricted-imports'];
  const { diagnostics } = JSON.parse(run(args, folder)) as { diagnostics: Complaint[] };
  return diagnostics.filter(({ code }) => code.includes('no-restricted-imports'));
}

/** oxlint exits with 1 when it complains; what it prints is what matters. */
function run(args: string[], cwd: string): string {
  try {
    return execFileSync(process.execPath, args, { cwd, encoding: 'utf8' });
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
