import { expect } from 'chai';
import { dropletsCalled } from '../../../../reconcilers/read-model/find-droplet.ts';
import { aDroplet } from '../../../builders/objects.ts';

describe('The Droplets that a name may mean', () => {
  const fleet = ['shop-master', 'shop-web1', 'blog-master', 'blog-web2'].map(name => aDroplet(name));
  const called = (name: string): string[] => dropletsCalled(name, fleet).map(({ metadata }) => metadata.name);

  it('are the one of that name', () => {
    expect(called('shop-web1')).to.deep.equal(['shop-web1']);
  });

  it('are those that their projects call so', () => {
    expect(called('web1')).to.deep.equal(['shop-web1']);
    expect(called('master')).to.deep.equal(['shop-master', 'blog-master']);
  });

  it('are not those whose name only ends like it', () => {
    expect(called('b1')).to.deep.equal([]);
    expect(called('')).to.deep.equal([]);
  });

  it('are the one of the whole name, also when a project calls another one so', () => {
    const odd = aDroplet('web1-web1', { spec: { project: 'web1' } });
    const plain = aDroplet('web1', { spec: { project: 'x' } });
    expect(dropletsCalled('web1', [odd, plain])).to.deep.equal([plain]);
  });
});
