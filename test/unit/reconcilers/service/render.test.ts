import { expect } from 'chai';
import * as fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderEnvironment } from '../../../../reconcilers/service/render.ts';
import { ENVIRONMENT } from '../../../../reconcilers/service/scripts.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';

/** An engine that prints its own arguments, and then the variables as it would hand them on. */
const ENGINE = `
engine() {
  printf '%s\\0' "$#" "$@"
  shift; cat "$2" | tr '\\n' '\\0'; shift 2
  while [ "$1" = -e ]; do env -0 | grep -z "^$2="; shift 2; done
}
`;

/** What a container gets, and the arguments of the command that starts it. */
function run(variables: readonly (readonly [string, string])[], folder: string) {
  const rendered = renderEnvironment(variables);
  const { stdout, stderr, status } = spawnSync(
    'sh',
    [
      '-c',
      `${ENGINE}${ENVIRONMENT.text}\nrun_with_environment "$@"`,
      'test',
      join(folder, 'env'),
      'engine',
      'image',
    ],
    { input: rendered.reveal(), encoding: 'utf8' },
  );
  expect({ stderr, status }).to.deep.equal({ stderr: '', status: 0 });
  const [count, ...words] = stdout.split('\0');
  const [argv, environment] = [words.slice(0, Number(count)), words.slice(Number(count), -1)];
  return { argv, environment: new Map(environment.map(line => split(line))), refused: rendered.refused };
}

const split = (line: string): [string, string] => [
  line.slice(0, line.indexOf('=')),
  line.slice(line.indexOf('=') + 1),
];

describe('The way of an environment to a container', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dropfleet-env-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('leaves every value as it is', () => {
    const values: [string, string][] = [
      ['KEY', '-----BEGIN-----\nabc\n-----END-----\n\n'],
      ['SPACES', '  a  '],
      ['QUOTES', '"a\' `b` # c'],
      ['SHELL_WORDS', '$HOME $(id) \\n %s'],
      ['CR', 'a\r'],
      ['EMPTY', ''],
      ['LONG', 'x'.repeat(100_000)],
      ['line', 'lower'],
      ['value', 'case'],
      ['UNICODE', 'ünï 🙂'],
    ];
    expect(run(values, folder).environment).to.deep.equal(new Map(values));
  });

  it('leaves any text as it is, under any name that a variable can have', () => {
    const names = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,8}$/);
    const values = fc.string({ unit: 'binary', maxLength: 30 }).filter(value => !value.includes('\0'));
    const pairs = fc.uniqueArray(fc.tuple(names, values), { maxLength: 5, selector: ([name]) => name });
    fc.assert(
      fc.property(pairs, variables => {
        const { environment, refused } = run(variables, folder);
        const handed = variables.filter(([name]) => !refused.includes(name));
        expect(environment).to.deep.equal(new Map(handed.map(([n, v]) => [n, Buffer.from(v).toString()])));
      }),
      propertyOptions(10),
    );
  });

  it('shows no value in the arguments of the engine', () => {
    const { argv } = run(
      [
        ['TOKEN', 'canary'],
        ['PATH', '/canary'],
      ],
      folder,
    );
    expect(argv).to.deep.equal(['run', '--env-file', join(folder, 'env'), '-e', 'TOKEN', 'image']);
  });

  it("keeps from the engine's own environment what its program would heed, in a file for root alone", () => {
    const names = [
      'PATH',
      'DOCKER_HOST',
      'LD_PRELOAD',
      'HTTPS_PROXY',
      'https_proxy',
      'IFS',
      'OPTIND',
      '__line',
    ];
    const { argv, environment } = run(
      names.map(name => [name, '/a:b']),
      folder,
    );
    expect(argv).to.deep.equal(['run', '--env-file', join(folder, 'env'), 'image']);
    expect([...environment.keys()]).to.deep.equal(names);
    expect(statSync(join(folder, 'env')).mode & 0o777).to.equal(0o600);
    expect(readFileSync(join(folder, 'env'), 'utf8')).to.include('DOCKER_HOST=/a:b\n');
  });

  it('forgets what the file said before', () => {
    run([['PATH', '/old']], folder);
    run([['HOME', '/new']], folder);
    expect(readFileSync(join(folder, 'env'), 'utf8')).to.equal('HOME=/new\n');
  });

  it('refuses by name what no engine would hand on as it is', () => {
    const refused: [string, string][] = [
      ['NUL', 'a\0b'],
      ['PATH', 'a\nb'],
      ['HOME', 'a # b'],
      ['my.name', '"a"'],
      ['A B', 'c'],
      ['A=B', 'c'],
      ['#A', 'c'],
      ['', 'c'],
      ['HUGE', 'x'.repeat(131_072)],
    ];
    const { refused: names, environment } = run([...refused, ['my.other', 'a b']], folder);
    expect(names).to.deep.equal(refused.map(([name]) => name));
    expect(environment).to.deep.equal(new Map([['my.other', 'a b']]));
  });

  it('shows no value of what is rendered when it is printed', () => {
    expect(JSON.stringify(renderEnvironment([['TOKEN', 'canary']]))).to.not.include('canary');
  });
});
