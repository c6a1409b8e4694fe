import { expect } from 'chai';
import { findOneDroplet } from '../../../cli/world/one-droplet.ts';
import { keyOf } from '../../../crds/meta.ts';
import { aDroplet } from '../../builders/objects.ts';
import { fakeKubernetesClient } from '../../fakes/kubernetes-client.ts';
import { rejection } from '../../fakes/rejection.ts';

const inNamespace = (namespace: string, name: string) => aDroplet(name, { metadata: { namespace } });
const kubernetes = fakeKubernetesClient([
  inNamespace('team-a', 'shop-web1'),
  inNamespace('team-b', 'shop-web1'),
  inNamespace('team-b', 'shop-web2'),
  inNamespace('team-b', 'blog-web2'),
  inNamespace('team-b', 'docs-web3'),
  inNamespace('team-c', 'blog-web3'),
]);
const find = (name: string) => findOneDroplet(name, { kubernetes });
const refused = async (name: string): Promise<string> => (await rejection(find(name))).message;

describe('The droplet that a command is told', () => {
  it('can be said with its namespace', async () => {
    expect(keyOf(await find('team-a/shop-web1'))).to.equal('team-a/shop-web1');
    expect(keyOf(await find('team-c/web3'))).to.equal('team-c/blog-web3');
  });

  it('is asked for with the namespaces, in words that can be typed, where several have it', async () => {
    expect(await refused('shop-web1')).to.equal(
      'shop-web1 may be any of team-a/shop-web1, team-b/shop-web1: give the whole name',
    );
    expect(await refused('web3')).to.equal(
      'web3 may be any of team-b/docs-web3, team-c/blog-web3: give the whole name',
    );
  });

  it('is asked for by name alone within one namespace', async () => {
    expect(await refused('web2')).to.equal('web2 may be any of shop-web2, blog-web2: give the whole name');
  });

  it('is guessed with its namespace when that was said', async () => {
    expect(await refused('team-a/shop-web')).to.match(/did you mean "team-a\/shop-web1"\?$/);
  });
});
