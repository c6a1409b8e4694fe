import { expect } from 'chai';
import type { ServiceDeploymentStatus } from '../../../../crds/service-deployment.ts';
import type { Container } from '../../../../reconcilers/service/facts.ts';
import { areSameEndpoints, keptEndpoints, keptMessage } from '../../../../reconcilers/service/kept-plan.ts';
import type { ServerView } from '../../../../reconcilers/service/rollout-plan.ts';

const [FIRST, SECOND] = ['shop-web1', 'shop-web2'];
const at = (droplet: string, address: string) => ({ droplet, address: `${address}:8001` });
const [AT_FIRST, AT_SECOND] = [at('shop-web1', '10.0.0.2'), at('shop-web2', '10.0.0.3')];

const aContainer = (changes: Partial<Container> = {}): Container => ({
  name: 'shop-prod-api-r1',
  service: 'shop-prod-api',
  uid: 'uid',
  kind: 'service',
  release: 'r1',
  version: 'v1',
  port: 8001,
  state: 'running',
  exitCode: 0,
  restarts: 0,
  image: 'sha256:1',
  ...changes,
});

const aServer = (droplet: string, address: string, changes: Partial<ServerView> = {}): ServerView => ({
  droplet,
  address,
  isAssigned: true,
  isAvailable: true,
  isThere: true,
  containers: [aContainer()],
  ...changes,
});
const web1 = (changes?: Partial<ServerView>) => aServer(FIRST, '10.0.0.2', changes);
const web2 = (changes?: Partial<ServerView>) => aServer(SECOND, '10.0.0.3', changes);

const SERVES: ServiceDeploymentStatus = { release: 'r1', version: 'v1', endpoints: [AT_FIRST, AT_SECOND] };
const on = (...servers: ServerView[]) => keptEndpoints(SERVES, servers);

describe('A release that cannot be started again for lack of a secret', () => {
  it('goes on where it serves', () => {
    const endpoints = on(web2(), web1());
    expect(endpoints).to.deep.equal([AT_FIRST, AT_SECOND]);
    expect(areSameEndpoints(endpoints, SERVES.endpoints!)).to.equal(true);
    expect(areSameEndpoints(on(web1()), SERVES.endpoints!)).to.equal(false);
  });

  it('gets no request on a server that is gone or was recreated, nor where its container was removed', () => {
    expect(on(web1()), 'gone').to.deep.equal([AT_FIRST]);
    const recreated = aServer(SECOND, '10.0.0.9', { isAvailable: false, containers: undefined });
    expect(on(web1(), recreated), 'recreated').to.deep.equal([AT_FIRST]);
    expect(on(web1(), web2({ containers: [] })), 'removed').to.deep.equal([AT_FIRST]);
    const ended = [aContainer({ state: 'exited' })];
    expect(on(web1(), web2({ containers: ended })), 'ended').to.deep.equal([AT_FIRST]);
    const newer = [aContainer({ release: 'r2', port: 8002 })];
    expect(on(web1(), web2({ containers: newer })), 'of another release').to.deep.equal([AT_FIRST]);
  });

  it('keeps what cannot be looked at, what its engine starts again, and what serves where it is no more to run', () => {
    const out = { isAvailable: false, containers: undefined };
    expect(on(web1(), web2(out))).to.deep.equal([AT_FIRST, AT_SECOND]);
    const again = [aContainer({ state: 'restarting' })];
    expect(on(web1(), web2({ containers: again }))).to.deep.equal([AT_FIRST, AT_SECOND]);
    expect(on(web1({ isAssigned: false }), web2({ containers: [] }))).to.deep.equal([AT_FIRST]);
  });

  it('is asked again where a container of it runs again', () => {
    const status = { ...SERVES, endpoints: [AT_FIRST] };
    expect(keptEndpoints(status, [web1(), web2()])).to.deep.equal([AT_FIRST, AT_SECOND]);
    expect(keptEndpoints(status, [web1(), web2({ isAssigned: false })])).to.deep.equal([AT_FIRST]);
  });

  it('says on how many of its servers it serves, and on which it does not', () => {
    const lacking = { what: 'missing secrets: KEY', next: 'set it' };
    const say = (endpoints: typeof SERVES.endpoints) =>
      keptMessage(lacking, SERVES, endpoints!, [web1(), web2()]);
    expect(say([AT_FIRST])).to.equal(
      'missing secrets: KEY; v1 serves on 1 of 2 servers, not on shop-web2, and is started nowhere before that is mended; set it',
    );
    expect(say(SERVES.endpoints)).to.contain('serves on 2 of 2 servers, and is');
  });
});
