import { expect } from 'chai';
import { dropletsCalled } from '../../../../reconcilers/read-model/find-droplet.ts';
import { aDroplet } from '../../../builders/objects.ts';

describe('The Droplets that a name may mean', () => {
  const fleet = ['shop-master', 'shop-web1', 'blog-master', 'blog-web2'].map(name => aDroplet(name));
  const called = (name: string): string[] => dropletsCalled(name, fleet).map(({ metadata }) => metadata.name);

  it('are the one of that name', () => {
    expect(called('shop-web1')).to.deep.equal(['shop-web1']);
  });

  it('are those of the namespace that stands before the name', () => {
    const twins = ['team-a', 'team-b'].map(namespace => aDroplet('shop-web1', { metadata: { namespace } }));
    expect(dropletsCalled('team-b/shop-web1', twins)).to.deep.equal([twins[1]]);
    expect(dropletsCalled('team-a/web1', twins)).to.deep.equal([twins[0]]);
    expect(dropletsCalled('team-c/web1', twins)).to.deep.equal([]);
    expect(dropletsCalled('web1', twins)).to.deep.equal(twins);
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
