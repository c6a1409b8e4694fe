import { expect } from 'chai';
import type { Droplet } from '../../../../crds/droplet.ts';
import { dropletNames } from '../../../../crds/names.ts';
import { isVantage, pairsOf, type Fleet } from '../../../../reconcilers/monitor/watch-plan.ts';
import { activeStatus, aDroplet, aServiceDeployment } from '../../../builders/objects.ts';

/** A server that was reached, at 10.0.0.<id>. */
function reached(name: string, id: number, parts: Parameters<typeof aDroplet>[1] = {}): Droplet {
  const status = activeStatus(id, { privateAddress: `10.0.0.${id}` });
  const host = { serverID: id, keyFingerprint: `SHA256:${id}` };
  return aDroplet(name, { status: { ...status, host }, ...parts });
}
const project = (name: string, servers: number, firstID: number): Droplet[] =>
  dropletNames(name, servers).map((droplet, i) => reached(droplet, firstID + i));
const fleet = (droplets: Droplet[], parts: Partial<Fleet> = {}): Fleet => ({
  droplets,
  services: [],
  sshPort: 22,
  ...parts,
});
const named = (droplets: Droplet[], name: string) =>
  droplets.filter(({ metadata }) => metadata.name === name);

describe('The pairs of a server', () => {
  it('are those of the topology, told apart by the server that a target has', () => {
    const shop = project('shop', 4, 1);
    const ids = pairsOf(shop, fleet(shop)).map(({ id }) => id.replaceAll('default/shop-', ''));
    expect(ids).to.have.members([
      'master web1 2',
      'master web2 3',
      'master web3 4',
      'web1 master 1',
      'web1 web2 3',
      'web2 master 1',
      'web2 web3 4',
      'web3 master 1',
      'web3 web1 2',
    ]);
  });

  it('leave out who was never reached, or is being deleted, and close the ring without the latter', () => {
    const [master, web1, web2, web3] = project('shop', 4, 1) as [Droplet, Droplet, Droplet, Droplet];
    const booting = { ...web1, status: { ...web1.status, host: { serverID: 2 } } };
    const leaving = { ...web2, metadata: { ...web2.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    const all = [master, booting, leaving, web3];
    expect(pairsOf([master], fleet(all)).map(({ target }) => target)).to.deep.equal(['default/shop-web3']);
    expect(pairsOf([booting], fleet(all)).map(({ target }) => target)).to.have.members([
      'default/shop-master',
      'default/shop-web3',
    ]);
    expect(all.map(isVantage)).to.deep.equal([true, false, false, true]);
  });

  it("look at sshd, and beside it at a master's nginx or at a service of a web", () => {
    const shop = project('shop', 3, 1);
    const services = [
      aServiceDeployment('shop-prod-site', { 'shop-web1': '10.0.0.2:18700' }),
      aServiceDeployment('shop-uat-site', { 'shop-web1': '10.0.0.2:18300', 'shop-web2': '10.9.9.9:18300' }),
    ];
    const places = new Map(
      pairsOf(shop, fleet(shop, { services, sshPort: 2222 })).map(({ target, place }) => [target, place]),
    );
    expect([...places]).to.have.deep.members([
      ['default/shop-master', { address: '10.0.0.1', ports: [2222, 80] }],
      ['default/shop-web1', { address: '10.0.0.2', ports: [2222, 18300] }],
      ['default/shop-web2', { address: '10.0.0.3', ports: [2222] }],
    ]);
  });

  it('have references beside the target: of the project first, then of the region, and three at most', () => {
    const shop = project('shop', 3, 1);
    const other = project('blog', 4, 11);
    const afar = reached('far-master', 20, { spec: { region: 'fra1', project: 'far', role: 'master' } });
    const [pair] = pairsOf(named(shop, 'shop-web1'), fleet([afar, ...other, ...shop]));
    expect(pair!.target).to.equal('default/shop-master');
    expect(pair!.references.map(({ address }) => address)).to.deep.equal([
      '10.0.0.3',
      '10.0.0.11',
      '10.0.0.12',
    ]);
    const two = project('duo', 2, 1);
    expect(pairsOf(two, fleet([afar, ...two])).map(({ references }) => references)).to.deep.equal([[], []]);
  });
});
