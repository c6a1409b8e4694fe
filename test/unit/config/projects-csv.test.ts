import { expect } from 'chai';
import * as fc from 'fast-check';
import { tokenizeCsv } from '../../../config/csv-tokens.ts';
import { formatProblems, PlaceCounter } from '../../../config/problems.ts';
import { parseProjectsCsv, readProjectsCsv } from '../../../config/projects-csv.ts';
import { propertyOptions } from '../../fakes/property-options.ts';
import { csvText, fileShape, projectRows } from './csv-builder.ts';

const HEADER = 'Project,Servers,MasterSpec,WebSpec\n';

const valuesIn = (text: string) =>
  parseProjectsCsv(text, 'p.csv').rows.map(({ project, servers, masterSpec, webSpec }) => [
    project,
    servers,
    masterSpec,
    webSpec,
  ]);
const problemsIn = (text: string) => formatProblems(parseProjectsCsv(text, 'p.csv').problems).split('\n');

describe('projects.csv', () => {
  it('is one project a row', () => {
    expect(parseProjectsCsv(`${HEADER}shop,3,s-2vcpu-2gb,s-1vcpu-2gb\n`, 'p.csv')).to.deep.equal({
      rows: [
        {
          project: 'shop',
          servers: 3,
          masterSpec: 's-2vcpu-2gb',
          webSpec: 's-1vcpu-2gb',
          file: 'p.csv',
          line: 2,
          places: {
            project: { line: 2, column: 1 },
            servers: { line: 2, column: 6 },
            masterSpec: { line: 2, column: 8 },
            webSpec: { line: 2, column: 20 },
          },
        },
      ],
      problems: [],
    });
  });

  it('reads back whatever a spreadsheet may write', () => {
    fc.assert(
      fc.property(projectRows, fileShape, (rows, shape) => {
        const read = parseProjectsCsv(csvText(rows, shape), 'p.csv');
        expect(read.problems).to.deep.equal([]);
        expect(
          read.rows.map(({ project, servers, masterSpec, webSpec }) => ({
            project,
            servers,
            masterSpec,
            webSpec,
          })),
        ).to.deep.equal(rows);
      }),
      propertyOptions(200),
    );
  });

  it('is never quietly shorter when it is cut off inside a row', () => {
    const text = `${HEADER}"shop",3,s-1vcpu-1gb,s-1vcpu-1gb`;
    for (let length = 0; length < text.lastIndexOf(','); length++) {
      const cut = text.slice(0, length);
      if (cut !== HEADER) expect(problemsIn(cut)[0], cut).to.match(/^p\.csv:/);
    }
  });

  it('gives a project the smallest size when a spec is empty or its column is missing', () => {
    const small = ['shop', 3, 's-1vcpu-1gb', 's-1vcpu-1gb'];
    for (const text of [`${HEADER}shop,3,,\n`, `${HEADER}shop,3\n`, 'Project,Servers\nshop,3'])
      expect(valuesIn(text)).to.deep.equal([small]);
  });

  it('has its columns in any order and any case', () => {
    const text = ' servers , WEBSPEC,project\n3,s-4vcpu-8gb,shop\n';
    expect(valuesIn(text)).to.deep.equal([['shop', 3, 's-1vcpu-1gb', 's-4vcpu-8gb']]);
  });

  it('may hold comments, with quotes and separators in them, and blank rows', () => {
    const text = `# don't say "shop;\n"# nor this, or that",,,\n\n${HEADER}  # three, for now\n,,,\n \nshop,3\n`;
    expect(valuesIn(text).map(([project]) => project)).to.deep.equal(['shop']);
  });

  it('has no comment in a row that says something under its other titles', () => {
    for (const row of [
      '#N/A,1,s-1vcpu-1gb,',
      '"#REF!",2',
      '#NV,,s-1vcpu-1gb',
      '#shop,3',
      '# shop,3,,',
      '#todo, ask',
    ]) {
      const { rows, problems } = parseProjectsCsv(`${HEADER}blog,1,,\n${row}\n`, 'p.csv');
      expect(problems[0], row).to.include({ line: 3, column: 1 });
      expect(problems[0]!.message, row).to.match(
        /^this begins like a comment, but cells behind it are filled/,
      );
      expect(rows, row).to.have.length(1);
    }
    expect(valuesIn(`# shop,3,,\n${HEADER}blog,1,,\n#N/A\n#,,,\n# a "b, c"\n# a,`)).to.have.length(1);
  });

  it('never takes rows for a comment of which the quote is not closed', () => {
    expect(problemsIn(`${HEADER}"# mine\nshop,3,,\n`)).to.deep.equal([
      'p.csv:2:1: found "# mine"; the quote that opens here is never closed',
    ]);
  });

  it('may be exported with columns and rows of nothing', () => {
    expect(valuesIn('Project,Servers,,,\nshop,3,,,\n,,,,\n')).to.have.length(1);
  });

  it('is separated by what its header shows, or by what sep= says', () => {
    for (const text of [
      'Project;Servers\r\nshop;3\r\n',
      'Project\tServers\rshop\t3\r',
      'sep=;\nProject;Servers\nshop;3\n',
      'sep=|\r\nProject|Servers\r\nshop|3\r\n',
      '\uFEFFsep=;\n# a, b, c, d\nProject;Servers\nshop;3\n',
    ])
      expect(valuesIn(text).map(row => row.slice(0, 2))).to.deep.equal([['shop', 3]]);
  });

  it('counts lines on from a sep= line', () => {
    expect(problemsIn('sep=;\nProject;Servers\nshop;0\n')[0]).to.match(/^p\.csv:3:6: found "0"/);
  });

  it('takes 3.0 and 3,0 for 3, and nothing else that is no whole number', () => {
    const countOf = (cell: string) => valuesIn(`Project;Servers\nshop;${cell}\n`)[0]?.[1];
    expect(['3', '3.0', '3,0', '3.00', '03', '100', ' 3 '].map(countOf)).to.deep.equal([
      3, 3, 3, 3, 3, 100, 3,
    ]);
    for (const cell of ['0', '101', '-1', '3.5', '1.000', '1,000', '3e0', 'two', '0x3', '3 4', '٣', ''])
      expect(countOf(cell), cell).to.equal(undefined);
  });
});

describe('a sheet that reaches the last column', () => {
  const wide = (row: string) => row + ','.repeat(16_384 - row.split(',').length);

  it('costs no more than what stands in it', () => {
    const text = [HEADER.trim(), 'shop,3', 'blog,1,,,x,y', ',,,'].map(wide).join('\n');
    expect(tokenizeCsv(text).records.map(({ cells }) => cells.length)).to.deep.equal([16_384, 4, 5]);
    expect(problemsIn(text)).to.deep.equal([
      'p.csv:3:10: found "x"; the header names no column for this cell; remove it, or quote the cell that holds a separator',
    ]);
  });

  it('keeps no more of its rows when each column has a title', () => {
    const full = Array.from({ length: 16_384 }, () => 'x').join(',');
    expect(tokenizeCsv(`${full}\n${full}\n`).records[1]!.cells).to.have.length.below(200);
  });

  it('still has all its quotes looked at', () => {
    expect(problemsIn(`${HEADER}shop,3,,,"",,"\nblog,1,,\n`)[0]).to.match(/^p\.csv:2:14: .* is never closed/);
  });

  it('has each of its characters looked at once for all of its places', () => {
    let looks = 0;
    const line = 'a🚀,'.repeat(5_000);
    const places = new PlaceCounter({ codePointAt: offset => (looks++, line.codePointAt(offset)) });
    for (let cell = 0; cell < 5_000; cell++)
      expect(places.placeOf(cell * 4)).to.deep.equal({ line: 1, column: cell * 3 + 1 });
    expect(looks).to.be.at.most(line.length);
  });
});

describe('a mistake in projects.csv', () => {
  it('is told with all the others, each with its line and column', () => {
    const text = `${HEADER}Shop One,two,S-1,\nblog,1\n,5,,\nblog,3,,,extra\n`;
    expect(problemsIn(text)).to.deep.equal([
      'p.csv:2:1: found "Shop One"; Project must be lower-case letters, digits and dashes, begin with a letter, end with a letter or digit, and have at most 50 characters; "shop-one" would do',
      'p.csv:2:10: found "two"; Servers must be a whole number from 1 to 100',
      'p.csv:2:14: found "S-1"; MasterSpec must be a size slug such as s-1vcpu-1gb, or empty for that one',
      'p.csv:4:1: found nothing; Project must be lower-case letters, digits and dashes, begin with a letter, end with a letter or digit, and have at most 50 characters',
      'p.csv:5:1: found "blog"; line 3 has this project already; keep one of the two lines',
      'p.csv:5:10: found "extra"; the header names no column for this cell; remove it, or quote the cell that holds a separator',
    ]);
  });

  it('in the header does not hide those below it', () => {
    expect(problemsIn('Project,Server,Colour\nshop,two,red\n')).to.deep.equal([
      'p.csv:1:9: found "Server"; the columns are Project, Servers, MasterSpec, WebSpec; did you mean "Servers"?',
      'p.csv:1:16: found "Colour"; the columns are Project, Servers, MasterSpec, WebSpec',
      'p.csv:2:6: found "two"; Servers must be a whole number from 1 to 100',
    ]);
  });

  it('is a missing, repeated or nameless column', () => {
    expect(problemsIn('Project\nshop\n')).to.deep.equal(['p.csv:1:1: the header needs a column Servers']);
    expect(problemsIn('Project,Servers,project\n')).to.deep.equal([
      'p.csv:1:17: found "project"; the header has this column already',
    ]);
    expect(problemsIn('Project,,Servers\n')[0]).to.match(/^p\.csv:1:9: found nothing; the columns are/);
  });

  it('is a file that is empty, holds only comments, or has no header', () => {
    for (const text of ['', '\uFEFF', '\r\n\r\n', '# nothing yet\n', ',,,\n', 'sep=;\n'])
      expect(problemsIn(text), JSON.stringify(text)).to.deep.equal([
        'p.csv: the file says nothing; its first line must be the header Project,Servers,MasterSpec,WebSpec',
      ]);
    expect(problemsIn('shop,3\nblog,1\n')).to.deep.equal([
      'p.csv:1:1: found "shop,3"; the first line must be the header Project,Servers,MasterSpec,WebSpec',
    ]);
  });

  it('is an end in the middle of a quoted cell, of a row or of the header', () => {
    expect(problemsIn(`${HEADER}shop,"3`)[0]).to.match(/^p\.csv:2:6: found "3"; the quote that opens here/);
    expect(problemsIn(`${HEADER}shop,3`)[0]).to.match(/^p\.csv:2:6: .*2 of 4 cells.*half written/);
    expect(problemsIn('Project,Servers')[0]).to.match(/^p\.csv:1:9: .*half written/);
  });

  it('is text behind a closing quote', () => {
    expect(problemsIn(`${HEADER}"shop"s,3,,\n`)[0]).to.match(/^p\.csv:2:1: found "shop"; text follows/);
  });

  it('is a file of zeros or one in UTF-16 without a byte order mark', () => {
    expect(problemsIn('P\0r\0o\0')).to.deep.equal([
      'p.csv: this is not text that can be read; save it again as "CSV UTF-8"',
    ]);
  });

  it('is placed by characters, not by UTF-16 units', () => {
    expect(problemsIn('Project,Servers\n"🚀",0\n')[1]).to.match(/^p\.csv:2:5: found "0"/);
  });

  it('is a file that is not there or is a folder', async () => {
    const missing = await readProjectsCsv('/nowhere/projects.csv');
    expect(missing.rows).to.be.empty;
    expect(formatProblems(missing.problems)).to.match(
      /^\/nowhere\/projects\.csv: the file cannot be read: there is no such file/,
    );
    const folder = await readProjectsCsv('/');
    expect(formatProblems(folder.problems)).to.equal('/: the file cannot be read: it is a folder');
  });

  it('is shown with its doubled quotes undone', () => {
    expect(problemsIn('Project,Servers\n"a ""b"", c",3\n')).to.have.length(1);
    expect(problemsIn('Project,Servers\n"a ""b"", c",3\n')[0]).to.contain('2:1: found "a \\"b\\", c"; ');
  });

  it('is on the line that an editor shows, whatever ends the lines', () => {
    for (const lineBreak of ['\n', '\r\n', '\r'])
      expect(problemsIn(['Project,Servers', '', '# x', 'shop,0', ''].join(lineBreak))[0]).to.match(
        /^p\.csv:4:6:/,
      );
  });

  it('is a date that a spreadsheet made of a name, and no other name is proposed for it', () => {
    for (const date of ['01-Mar', '1. März', '2024-03-01', '01.03.2024', '3/1/24'])
      expect(problemsIn(`${HEADER}${date},1,,\nmar,2,,\n`), date)
        .to.have.length(1)
        .and.to.have.nested.property('0')
        .that.contains('looks like a date')
        .and.not.contains('would do');
  });

  it('gets no proposal that is the name of another project, or that lost its beginning', () => {
    expect(problemsIn(`${HEADER}shop,1,,\nSHOP,2,,\n`)[0]).to.match(/^p\.csv:3:1: .* characters$/);
    expect(problemsIn(`${HEADER}3shop,1,,\n`)[0]).to.match(/ characters$/);
    expect(problemsIn(`${HEADER}-Läden,1,,\n`)[0]).to.match(/; "laden" would do$/);
  });

  it('is named when nobody can see it', () => {
    for (const [row, end] of [
      ['sh\u200Bop,1,,', '"shop" would do; its character 3 is U+200B, a zero-width space'],
      ['sh\u043Ep,1,,', '"shop" would do; its character 3 is U+043E, a Cyrillic letter that looks like "o"'],
      ['shop\u2013a,1,,', '"shop-a" would do; its character 5 is U+2013, a dash that looks like "-"'],
      ['shop,3\u200E,,', 'from 1 to 100; its character 2 is U+200E, a left-to-right mark'],
      ['shop,3,s-1v\u03F2pu-1gb,', 'or empty for that one'],
      ['shop,3,s-1v\u0441pu,', 'that one; its character 5 is U+0441, a Cyrillic letter that looks like "c"'],
    ])
      expect(problemsIn(`${HEADER}${row}\n`)[0]!.endsWith(end!), row).to.equal(true);
    expect(problemsIn('\u2060Project,Servers\nshop,1\n')[0]).to.match(
      /found "\\u\{2060\}Project"; .*; did you mean "Project"\?; its character 1 is U\+2060, a word joiner$/,
    );
  });

  it('never reaches the terminal as what it obeys', () => {
    expect(problemsIn(`${HEADER}a\u009B31m\u202Eb,1,,\n`)[0]).to.contain('found "a\\u{9b}31m\\u{202e}b"; ');
  });

  it('does not flood the terminal when a cell is huge', () => {
    expect(problemsIn(`${HEADER}shop,${'9'.repeat(5000)}\n`)[0]!.length).to.be.below(200);
  });
});
