import { expect } from 'chai';
import { findHost } from '../../../cli/commands/sandbox-host-fault.ts';

const hosts = ['shop-master', 'shop-web1', 'blog-master', 'web9'].map((name, i) => ({
  name,
  droplet_id: i + 1,
}));

describe('The machine of the sandbox that is meant', () => {
  for (const [words, name] of [
    ['shop-web1', 'shop-web1'],
    ['web1', 'shop-web1'],
    ['3', 'blog-master'],
    ['web9', 'web9'],
  ] as const)
    it(`by ${words} is ${name}`, () => expect(findHost(hosts, words).name).to.equal(name));

  it('is none where several have that name, or nobody', () => {
    expect(() => findHost(hosts, 'master')).to.throw('may be any of shop-master, blog-master');
    for (const words of ['web2', 'eb1', 'shop'])
      expect(() => findHost(hosts, words)).to.throw(`has no droplet ${words}; it has shop-master, `);
  });
});
