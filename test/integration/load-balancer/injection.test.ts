import { expect } from 'chai';
import * as fc from 'fast-check';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { renderConfiguration, type Configuration } from '../../../reconcilers/load-balancer/render.ts';
import type { Balancing, BalancedService } from '../../../reconcilers/read-model/balancing.ts';
import { balancingFor, generationInput } from '../../builders/load-balancer.ts';
import { aServiceDeployment } from '../../builders/objects.ts';
import { startLocalMaster, type LocalMaster } from '../../environment/local-nginx.ts';
import { propertyOptions } from '../../fakes/property-options.ts';

/** What means something to nginx. */
const special = fc.constantFrom(...`;{}"'\\$#~*^ \n\t%`.split(''), '${x}', '; include x;', '} location / {');

/** Anything, what is right, and what would be but for one thing that means something to nginx. */
const odd = (right: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ unit: 'binary' }),
    right,
    fc
      .tuple(right, special, fc.nat({ max: 60 }))
      .map(([text, strange, at]) => `${text.slice(0, at)}${strange}${text.slice(at)}`),
  );
const name = fc.stringMatching(/^[a-z][-a-z0-9]{0,60}$/);
const path = fc.stringMatching(/^\/[A-Za-z0-9._~/?&=+,:@!*-]{0,60}$/);
const domain = fc.stringMatching(/^([a-z0-9-]{1,8}\.){1,4}[a-z0-9-]{1,8}$/);
const address = fc.stringMatching(/^\d{1,3}(\.\d{1,3}){3}:\d{1,5}$/);

const right: BalancedService = {
  name: 'shop-prod-odd',
  project: 'shop',
  environment: 'prod',
  service: 'odd',
  version: 'v1',
  healthPath: '/health',
  domains: ['www.example.com'],
  takenDomains: [],
  servers: [{ droplet: 'shop-web1', address: '127.0.0.1:9', state: 'in' }],
};
const text = odd(fc.constant('a'));
const server = { droplet: 'shop-web2', address: '127.0.0.1:9', state: 'in' as 'in' | 'out' };

/** A service that is right but for one of its values. */
const service: fc.Arbitrary<BalancedService> = fc
  .oneof<fc.Arbitrary<Partial<BalancedService>>[]>(
    odd(name).map(value => ({ service: value, name: `shop-prod-${value}` })),
    text.map(value => ({ environment: value as 'prod', name: `shop-${value}-odd` })),
    text.map(version => ({ version })),
    odd(path).map(healthPath => ({ healthPath })),
    fc.uniqueArray(odd(domain), { maxLength: 3 }).map(domains => ({ domains })),
    odd(address).map(value => ({ servers: [{ ...server, address: value }] })),
    text.map(value => ({ servers: [{ ...server, droplet: value, state: 'out', reason: value }] })),
  )
  .map(changes => ({ ...right, ...changes }));

/** A line begins one directive or block, or ends one; what is quoted is not looked into. */
const ONE_DIRECTIVE = /^ *(\}|([^;{}"]|"[^"]*")+[;{])$/;

describe('Whatever stands in a service', () => {
  let master: LocalMaster;
  before(async () => {
    master = await startLocalMaster();
  });
  after(() => master?.close());

  const known = balancingFor(aServiceDeployment('shop-prod-known', { 'shop-web1': '127.0.0.1:9' }));
  const render = (...services: BalancedService[]): Configuration => {
    const balancing: Balancing = { project: 'shop', services: [...known.services, ...services] };
    const changes = { layout: master.layout, features: master.features };
    return renderConfiguration({ ...generationInput(balancing, changes), generation: 'g', directory: 'g-0' });
  };

  it('makes a configuration that nginx takes, and changes no file but its own', () =>
    fc.assert(
      fc.asyncProperty(service, async strange => {
        const { files, verdicts } = render(strange);
        const before = new Map(render().files.map(({ path: file, content }) => [file, content]));
        const isNamed = verdicts[1]!.state !== 'quarantined' || files.length > before.size;
        const own = isNamed
          ? files.filter(file => file.path.includes(`/${strange.environment}-${strange.service}.`))
          : [];
        const includes = own.map(file => `include ${master.layout.home}/g-0/${file.path};`);
        for (const { path: file, content } of files.filter(
          one => !own.includes(one) && one.path !== 'lb-status.json',
        ))
          expect(without(content, includes), file).to.equal(before.get(file));
        for (const { path: file, content } of own)
          for (const line of content.split('\n').filter(Boolean)) expect(line, file).to.match(ONE_DIRECTIVE);
        await write(master.layout.home, files);
        const { code, stderr } = await nginxTests(master);
        expect(code, stderr).to.equal(0);
      }),
      propertyOptions(500),
    )).timeout(120_000);
});

const without = (content: string, lines: readonly string[]): string =>
  content
    .split('\n')
    .filter(line => !lines.includes(line.trim()))
    .join('\n');

async function write(home: string, files: Configuration['files']): Promise<void> {
  for (const { path: file, content } of files) {
    await mkdir(dirname(join(home, 'g-0', file)), { recursive: true });
    await writeFile(join(home, 'g-0', file), content);
  }
}

const nginxTests = ({ host, layout }: LocalMaster) =>
  host.run(['nginx', '-t', '-c', `${layout.home}/g-0/nginx.conf`], {
    signal: new AbortController().signal,
  });
