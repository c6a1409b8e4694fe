import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { setVariable } from '../../../config/edit-env-file.ts';
import { readVariables } from '../../../config/env-file.ts';
import { ConfigurationError } from '../../../config/problems.ts';
import { propertyOptions } from '../../fakes/property-options.ts';

const NAMES = ['DO_TOKEN', 'ADMIN_IP', 'DB_PASSWORD'];

/** One variable, as a person may write it down. */
const assignment = fc.record({
  name: fc.constantFrom(...NAMES),
  value: fc.constantFrom(
    'abc',
    '10.0.0.1/32',
    'p#w d',
    "it's",
    'a,b',
    '-----BEGIN-----\nQUJD\n-----END-----',
  ),
  before: fc.constantFrom('', '  ', 'export '),
  equals: fc.constantFrom('=', ' = '),
  quote: fc.constantFrom('"', '`'),
  after: fc.constantFrom('', ' ', ' # why'),
});
const filler = fc.constantFrom('', '# ADMIN_IP="no', "# don't", '#DO_TOKEN=');

/** Lines that a mistake is made of, and whatever is near them. */
const noise = fc.constantFrom(
  'ADMIN_IP=10.0.0.1',
  'DO_TOKEN=abc',
  'A="',
  "B='",
  'C=`x',
  '"',
  "'",
  '`',
  'x',
  '# y',
  '',
);

describe('whatever stands in .env', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'dropfleet-'))));
  after(() => rmSync(folder, { recursive: true }));

  function read(text: string) {
    const envFile = join(folder, '.env');
    writeFileSync(envFile, text);
    return readVariables({ env: {}, envFile });
  }

  it('is read as it was meant, however it is written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(assignment, filler), { maxLength: 6 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.boolean(),
        (lines, lineBreak, hasMark) => {
          const written = lines.flatMap(([{ name, value, before, equals, quote, after }, above]) => [
            above,
            `${before}${name}${equals}${quote}${value}${quote}${after}`,
          ]);
          const { variables, problems } = read((hasMark ? '\uFEFF' : '') + written.join(lineBreak));
          expect(problems).to.deep.equal([]);
          const meant = new Map(lines.map(([{ name, value }]) => [name, value]));
          for (const name of NAMES) expect(variables.get(name), name).to.equal(meant.get(name));
        },
      ),
      propertyOptions(150),
    );
  });

  it('loses no line that sets something without a word', () => {
    fc.assert(
      fc.property(
        fc.array(noise, { maxLength: 8 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        (lines, lineBreak) => {
          const { variables, problems } = read(lines.join(lineBreak));
          if (problems.length > 0) return;
          if (lines.includes('ADMIN_IP=10.0.0.1')) expect(variables.get('ADMIN_IP')).to.equal('10.0.0.1');
          if (lines.includes('DO_TOKEN=abc')) expect(variables.get('DO_TOKEN')).to.equal('abc');
        },
      ),
      propertyOptions(150),
    );
  });

  it('is edited in that one variable, or not at all', () => {
    fc.assert(
      fc.property(fc.array(noise, { maxLength: 8 }), lines => {
        const text = lines.join('\n');
        if (read(text).problems.length > 0) return;
        const others = ['DO_TOKEN', 'A', 'B', 'C'].map(name => read(text).variables.get(name));
        const edited = edit(text);
        if (edited === undefined) return;
        const { variables, problems } = read(edited);
        expect(problems).to.deep.equal([]);
        expect(variables.get('ADMIN_IP')).to.equal('10.9.9.9');
        expect(['DO_TOKEN', 'A', 'B', 'C'].map(name => variables.get(name))).to.deep.equal(others);
      }),
      propertyOptions(150),
    );
  });
});

function edit(text: string): string | undefined {
  try {
    return setVariable(text, 'ADMIN_IP', '10.9.9.9');
  } catch (error) {
    if (error instanceof ConfigurationError) return undefined;
    throw error;
  }
}
