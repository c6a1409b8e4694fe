import { expect } from 'chai';
import * as fc from 'fast-check';
import { parseProjectsCsv } from '../../../config/projects-csv.ts';
import { propertyOptions } from '../../fakes/property-options.ts';
import { modelOf } from './csv-model.ts';

const HEADER = 'Project,Servers,MasterSpec,WebSpec\n';

const BITS = [
  'shop',
  'b',
  '3',
  '0',
  's-1vcpu-1gb',
  ',',
  ',',
  ',',
  '"',
  '""',
  '#',
  '#N/A',
  ' ',
  '\t',
  '\u00A0',
];
const noise = fc.constantFrom(...BITS, '\n', '\r\n', '\r', '\u200B', '🚀', '-', '.0');
const goodRow = fc.constantFrom(
  'a,1,,\n',
  'c,2,s-1vcpu-1gb,\r\n',
  '"d",3.0,,s-2vcpu-2gb\n',
  '# e, f\n',
  ',,,\n',
);

/** Rows that are right, with something wrong among them now and then. */
const bodies = fc
  .array(fc.oneof({ weight: 3, arbitrary: goodRow }, { weight: 2, arbitrary: noise }), { maxLength: 14 })
  .map(bits => bits.join(''));

describe('whatever stands in projects.csv', () => {
  it('is read as a second reading does, or is a mistake to both', () => {
    fc.assert(
      fc.property(bodies, body => {
        const { rows, problems } = parseProjectsCsv(HEADER + body, 'p.csv');
        const read = rows.map(({ project, servers, line }) => ({ project, servers, line }));
        expect(problems.length > 0 ? undefined : read).to.deep.equal(modelOf(body));
      }),
      propertyOptions(1_000),
    );
  });

  it('is placed where it stands', () => {
    fc.assert(
      fc.property(bodies, body => {
        const lines = (HEADER + body).split(/\r\n|\r|\n/);
        for (const { project, places } of parseProjectsCsv(HEADER + body, 'p.csv').rows) {
          const { line, column } = places.project;
          const text = Array.from(lines[line - 1]!)
            .slice(column - 1)
            .join('');
          expect(text.replace(/^"/, '').trimStart().startsWith(project)).to.equal(true);
        }
      }),
      propertyOptions(1_000),
    );
  });
});
