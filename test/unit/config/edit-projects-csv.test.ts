import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { editServers, setServers } from '../../../config/edit-projects-csv.ts';
import { ConfigurationError } from '../../../config/problems.ts';
import { propertyOptions } from '../../fakes/property-options.ts';
import { csvText, fileShape, projectRows } from './csv-builder.ts';

describe('setting the servers of a project', () => {
  it('changes that cell and not one other character', () => {
    fc.assert(
      fc.property(
        projectRows,
        fileShape,
        fc.nat(),
        fc.integer({ min: 1, max: 100 }),
        (rows, shape, n, servers) => {
          const chosen = n % rows.length;
          const changed = rows.map((row, i) => (i === chosen ? { ...row, servers } : row));
          expect(setServers(csvText(rows, shape), rows[chosen]!.project, servers)).to.equal(
            csvText(changed, shape),
          );
        },
      ),
      propertyOptions(200),
    );
  });

  it('is refused for a project that is not there, with the name that was meant', () => {
    expect(() => setServers('Project,Servers\nshop,3\n', 'shp', 2, 'p.csv')).to.throw(
      ConfigurationError,
      'p.csv has no project "shp"; did you mean "shop"?',
    );
  });

  it('is refused with all the names there are when none is near', () => {
    const refusal = (rows: string) => () => setServers(`Project,Servers\n${rows}`, 'nothing', 2, 'p.csv');
    expect(refusal('shop,3\nblog,1\n')).to.throw('p.csv has no project "nothing"; it has shop, blog');
    expect(refusal('')).to.throw('p.csv has no project "nothing"; it has no project at all');
  });

  it('is refused for a number of servers that no project can have', () => {
    for (const servers of [0, 101, 1.5, Number.NaN])
      expect(() => setServers('Project,Servers\nshop,3\n', 'shop', servers)).to.throw(ConfigurationError);
  });

  it('is refused while the file has mistakes, and says them', () => {
    expect(() => setServers('Project,Servers\nshop,3\nblog,x\n', 'shop', 2, 'p.csv')).to.throw(
      ConfigurationError,
      'p.csv:3:6: found "x"',
    );
  });
});

describe('editing a file that Excel saved', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'dropfleet-'))));
  afterEach(() => rm(folder, { recursive: true }));

  for (const encoding of ['utf16le', 'latin1', 'utf8'] as const)
    it(`leaves its ${encoding} bytes as they are`, async () => {
      const path = join(folder, 'projects.csv');
      const mark = encoding === 'utf16le' ? '\uFEFF' : '';
      const textWith = (servers: number) => `${mark}# für Zoë\r\nProject\tServers\r\nshop\t${servers}\r\n`;
      await writeFile(path, textWith(3), encoding);
      await editServers(path, 'shop', 12);
      expect(await readFile(path)).to.deep.equal(Buffer.from(textWith(12), encoding));
    });

  it('fails with a sentence when there is none', async () => {
    const error = await editServers(join(folder, 'projects.csv'), 'shop', 2).catch((error: Error) => error);
    expect(error).to.be.instanceOf(ConfigurationError);
    expect((error as Error).message).to.contain('there is no such file');
  });
});
