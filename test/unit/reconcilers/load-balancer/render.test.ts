import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { ConfigurationFile } from '../../../../reconcilers/load-balancer/render.ts';
import { renderConfiguration } from '../../../../reconcilers/load-balancer/render.ts';
import { balancingFor, generationInput } from '../../../builders/load-balancer.ts';
import { aServiceDeployment } from '../../../builders/objects.ts';

const site = aServiceDeployment(
  'shop-prod-site',
  { 'shop-web1': '10.0.0.3:8123', 'shop-web2': '10.0.0.4:8123' },
  { spec: { domains: ['www.example.com', 'example.com'], healthCheck: { path: '/up?deep=1' } } },
);
const waiting = aServiceDeployment(
  'shop-uat-site',
  {},
  { status: {}, spec: { domains: ['uat.example.com'] } },
);
const refused = aServiceDeployment('shop-prod-api', { 'shop-web1': '10.0.0.3:8456' });

const render = (...[services, changes]: [(typeof site)[], Parameters<typeof generationInput>[1]?]) =>
  renderConfiguration({
    ...generationInput(balancingFor(...services), changes),
    generation: '0123456789ab',
    directory: 'g-0123456789ab',
  });
const contentOf = (files: readonly ConfigurationFile[], path: string): string =>
  files.find(file => file.path === path)?.content ?? '';

describe('The configuration of a load balancer', () => {
  it('is, to the byte, what stands in the golden files', async () => {
    const { files } = render([waiting, site, refused], {
      quarantined: new Map([['prod-api', 'host not found in upstream']]),
    });
    expect(files.map(({ path }) => path)).to.deep.equal([
      'nginx.conf',
      'lb-status.json',
      'services/prod-api.http.conf',
      'services/prod-api.server.conf',
      'services/prod-site.http.conf',
      'services/prod-site.server.conf',
      'services/uat-site.http.conf',
      'services/uat-site.server.conf',
    ]);
    for (const { path, content } of files) {
      const golden = new URL(`../../../fixtures/load-balancer/${path}`, import.meta.url);
      expect(content, path).to.equal(await readFile(golden, 'utf8'));
    }
  });

  it('keeps no client connection on an nginx whose reload would cut it off', () => {
    const main = contentOf(render([site]).files, 'nginx.conf');
    expect(main)
      .to.match(/^ {4}keepalive_timeout 0;$/m)
      .and.not.match(/^ {4}keepalive_min_timeout/m);
  });

  it('keeps client connections on a newer one, where a worker that ends waits as long as any', () => {
    const { files } = render([site], { features: { hasKeepaliveMinTimeout: true } });
    expect(contentOf(files, 'nginx.conf')).to.match(
      /keepalive_timeout 30s 25s;\n {4}keepalive_min_timeout 30s;/,
    );
  });

  it('counts failures only against one of three servers or more', () => {
    const upstream = (n: number): string => {
      const endpoints = Array.from(
        { length: n },
        (_, i) => [`shop-web${i + 1}`, `10.0.0.${i + 3}:8123`] as const,
      );
      const { files } = render([aServiceDeployment('shop-prod-site', Object.fromEntries(endpoints))]);
      return contentOf(files, 'services/prod-site.http.conf');
    };
    expect(upstream(2).match(/max_fails=0;/g)).to.have.length(2);
    expect(upstream(3).match(/max_fails=3 fail_timeout=10s;/g)).to.have.length(3);
  });

  it('gives the same bytes whatever order the services are listed in', () => {
    expect(render([site, waiting]).files).to.deep.equal(render([waiting, site]).files);
  });

  it('tells each service from another by its state', () => {
    const { verdicts } = render([waiting, site, refused], { quarantined: new Map([['prod-api', 'no']]) });
    expect(verdicts.map(({ service, state, message }) => [service.name, state, message])).to.deep.equal([
      ['shop-prod-api', 'quarantined', 'no'],
      ['shop-prod-site', 'routed', undefined],
      ['shop-uat-site', 'unavailable', 'no server is in rotation yet'],
    ]);
  });
});

describe('A service whose values could change what nginx does', () => {
  const bad = {
    'a health path that ends the directive': {
      spec: { healthCheck: { path: '/x; } location / { return 200;' } },
    },
    'a health path with a variable': { spec: { healthCheck: { path: '/$request_uri' } } },
    'a health path with half an escape': { spec: { healthCheck: { path: '/%4' } } },
    'a host name with a space': { spec: { domains: ['a.example.com; return 200'] } },
    'a host name without a dot': { spec: { domains: ['localhost'] } },
    'an address with more than a port': {
      status: { endpoints: [{ droplet: 'shop-web1', address: '10.0.0.3:80 backup' }] },
    },
    'an address out of range': {
      status: { endpoints: [{ droplet: 'shop-web1', address: '10.0.0.300:80' }] },
    },
    'a port out of range': { status: { endpoints: [{ droplet: 'shop-web1', address: '10.0.0.3:65536' }] } },
  };
  for (const [what, parts] of Object.entries(bad))
    it(`is left out, and nothing else, when it has ${what}`, () => {
      const { files, verdicts } = render([aServiceDeployment('shop-prod-api', {}, parts), site]);
      expect(verdicts.map(({ state }) => state)).to.deep.equal(['quarantined', 'routed']);
      expect(contentOf(files, 'services/prod-api.http.conf')).to.equal('');
      expect(contentOf(files, 'services/prod-api.server.conf')).to.contain('return 503');
    });

  for (const [what, changes] of Object.entries({
    'another name than its route': { metadata: { name: 'api' } },
    'a service name that is no part of a path': { spec: { service: 'a/b' } },
    'an environment of its own': { spec: { environment: 'live' as 'prod' } },
  }))
    it(`has no route at all when it has ${what}`, () => {
      const { files, verdicts } = render([aServiceDeployment('shop-prod-api', {}, changes), site]);
      expect(verdicts.map(({ state }) => state)).to.include('quarantined');
      expect(files).to.have.length(4);
    });
});
