import { expect } from 'chai';
import { checkSizes } from '../../../config/check-sizes.ts';
import { formatProblems } from '../../../config/problems.ts';
import { parseProjectsCsv } from '../../../config/projects-csv.ts';

const SIZES = [
  { slug: 's-1vcpu-1gb', available: true, regions: ['nyc3', 'fra1'] },
  { slug: 's-2vcpu-2gb', available: true, regions: ['fra1'] },
  { slug: 's-1vcpu-3gb', available: false, regions: ['nyc3'] },
];

const check = (...rows: string[]): string => {
  const text = ['Project,Servers,MasterSpec,WebSpec', ...rows, ''].join('\n');
  return formatProblems(
    checkSizes(parseProjectsCsv(text, 'p.csv').rows, SIZES, name => (name === 'far' ? 'fra1' : 'nyc3')),
  );
};

describe('the sizes in projects.csv', () => {
  it('are fine when the region offers them', () => {
    expect(check('shop,3,s-1vcpu-1gb,')).to.equal('');
  });

  it('are told with the size that was meant, at their own cells', () => {
    expect(check('shop,3,s-1vcpu-1gb,s-1vcpu-1g', 'blog,1,m-nothing-alike,')).to.equal(
      'p.csv:2:20: found "s-1vcpu-1g"; there is no such size; did you mean "s-1vcpu-1gb"?\n' +
        'p.csv:3:8: found "m-nothing-alike"; there is no such size; `doctl compute size list` shows them all',
    );
  });

  it('must be offered in the region, and now', () => {
    expect(
      check('shop,2,s-2vcpu-2gb,s-1vcpu-3gb')
        .split('\n')
        .map(line => line.replace(/; did.*/, '')),
    ).to.deep.equal([
      'p.csv:2:8: found "s-2vcpu-2gb"; this size is not offered in nyc3 now',
      'p.csv:2:20: found "s-1vcpu-3gb"; this size is not offered in nyc3 now',
    ]);
  });

  it('are looked for in the region of their own project', () => {
    expect(check('far,2,s-2vcpu-2gb,s-1vcpu-1gb')).to.equal('');
    expect(check('far,1,s-1vcpu-3gb,')).to.match(/this size is not offered in fra1 now/);
  });

  it('do not matter for webs that a project does not have', () => {
    expect(check('shop,1,s-1vcpu-1gb,nonsense')).to.equal('');
  });
});
