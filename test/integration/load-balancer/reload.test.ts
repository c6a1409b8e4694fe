import { expect } from 'chai';
import { balancingFor } from '../../builders/load-balancer.ts';
import { aServiceDeployment } from '../../builders/objects.ts';
import { echo, startBackend } from '../../environment/backends.ts';
import { startLocalMaster } from '../../environment/local-nginx.ts';
import { startLoad } from '../../environment/raw-load.ts';
import { convergerOf, reloadUnderLoad } from '../../environment/reload-rig.ts';

describe('Reloads of nginx under load', () => {
  it('cost no request, GET or POST, over 50 of them and 20 ms of network', async () => {
    const report = await reloadUnderLoad({ reloads: 50, connections: 24, delayMs: 20, requests: 3_000 });
    expect(report.reloads).to.equal(50);
    expect(report.total).to.be.at.least(3_000);
    expect(report.reasons).to.deep.equal({});
  });

  it('cost none when a server is taken out, stopped, started and put back', async () => {
    const master = await startLocalMaster();
    const [first, second] = await Promise.all([
      startBackend('127.0.0.2', echo),
      startBackend('127.0.0.3', echo),
    ]);
    const converge = convergerOf(master);
    const both = { 'shop-web1': first.address, 'shop-web2': second.address };
    const routeTo = (endpoints: Record<string, string>) =>
      converge(balancingFor(aServiceDeployment('shop-prod-site', endpoints)));
    try {
      await routeTo(both);
      const load = startLoad({ port: master.port, path: '/shop/prod/site/', connections: 8 });
      await routeTo({ 'shop-web1': first.address });
      second.server.closeIdleConnections();
      await second.close();
      const [host, port] = second.address.split(':');
      const again = await startBackend(host!, echo, Number(port));
      await routeTo(both);
      while (again.requests().length === 0)
        await new Promise(resolve => again.server.once('request', resolve));
      expect((await load.stop()).reasons).to.deep.equal({});
      await again.close();
    } finally {
      await Promise.all([master.close(), first.close()]);
    }
  });
});
