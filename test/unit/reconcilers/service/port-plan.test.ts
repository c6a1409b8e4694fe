import { expect } from 'chai';
import * as fc from 'fast-check';
import type { ServiceDeployment } from '../../../../crds/service-deployment.ts';
import { hostPortsOf, portFor } from '../../../../reconcilers/service/port-plan.ts';
import { aServiceDeployment } from '../../../builders/objects.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';

type Type = ServiceDeployment['spec']['type'];

const aService = (name: string, type: Type = 'web', port?: number, createdAt?: string): ServiceDeployment =>
  aServiceDeployment(
    name,
    {},
    {
      spec: { type },
      ...(port !== undefined && { status: { port } }),
      ...(createdAt !== undefined && { metadata: { creationTimestamp: createdAt } }),
    },
  );

const withPort = (service: ServiceDeployment, port: number): ServiceDeployment => ({
  ...service,
  status: { ...service.status, port },
});

describe('The port of a service', () => {
  it('is in the 7000s for infra, the 8000s for a backend and the 9000s for a frontend', () => {
    const ports = {
      infra: ['shop-prod-database', 'shop-prod-cache'],
      backend: ['shop-prod-api', 'shop-prod-payments', 'shop-prod-admin-api'],
      frontend: ['shop-prod-frontend', 'shop-prod-www', 'shop-prod-admin-ui', 'shop-prod-website'],
    };
    const thousands = Object.entries(ports).map(([kind, names]) =>
      names.map(name => Math.floor(portFor(aService(name, kind === 'infra' ? 'infra' : 'web'), [])! / 1_000)),
    );
    expect(thousands).to.deep.equal([
      [7, 7],
      [8, 8, 8],
      [9, 9, 9, 9],
    ]);
  });

  it('is none for a worker, whatever its status says', () => {
    expect(portFor(aService('shop-prod-mailer', 'worker', 8_001), [])).to.equal(undefined);
  });

  it('is that of its status, also when another one would be given to it today', () => {
    expect(portFor(aService('shop-prod-api', 'web', 12_345), [aService('shop-uat-api')])).to.equal(12_345);
  });

  it('is the next one up when another service has it, and wraps around', () => {
    const service = aService('shop-prod-api');
    const first = portFor(service, [])!;
    expect(portFor(service, [aService('shop-uat-api', 'web', first)])).to.equal(first + 1);
    const above = Array.from({ length: 9_000 - first }, (_, i) =>
      aService(`shop-uat-s${i}`, 'web', first + i),
    );
    expect(portFor(service, above)).to.equal(8_000);
  });

  it('is in the other range of webs when its own is full, and none when both are', () => {
    const taken = (from: number) =>
      Array.from({ length: 1_000 }, (_, i) => aService(`shop-uat-s${from + i}`, 'web', from + i));
    const service = aService('shop-prod-api');
    expect(portFor(service, taken(8_000))).to.be.within(9_000, 9_999);
    expect(portFor(aService('shop-prod-ui'), taken(9_000))).to.be.within(8_000, 8_999);
    expect(portFor(service, [...taken(8_000), ...taken(9_000)])).to.equal(undefined);
    expect(portFor(aService('shop-prod-cache', 'infra'), taken(7_000))).to.equal(undefined);
  });

  it('is not taken by a newer service while what it was given cannot be seen yet', () => {
    const older = aService('shop-prod-zebra', 'web', undefined, '2026-01-01T00:00:00Z');
    const port = portFor(older, [])!;
    const newer = Array.from({ length: 3_000 }, (_, i) =>
      aService(`shop-prod-a${i}`, 'web', undefined, '2026-01-01T00:00:01Z'),
    ).find(other => portFor(other, []) === port)!;
    expect(portFor(newer, [older])).to.not.equal(port);
    expect(portFor(older, [newer])).to.equal(port);
  });

  it('is kept by the older of two that have the same one', () => {
    const older = aService('shop-prod-zebra', 'web', 8_100, '2026-01-01T00:00:00Z');
    const newer = aService('shop-prod-ape', 'web', 8_100, '2026-01-01T00:00:01Z');
    expect(portFor(older, [newer])).to.equal(8_100);
    expect(portFor(newer, [older])).to.not.equal(8_100);
  });

  it('leads to three host ports that no other service of a project can have', () => {
    const ports = Array.from({ length: 2_000 }, (_, i) => hostPortsOf(8_000 + i)).flat();
    expect(hostPortsOf(8_123)).to.deep.equal([18_123, 20_123, 22_123]);
    expect(new Set(ports).size).to.equal(6_000);
    expect(Math.max(...ports)).to.be.lessThan(32_768);
  });
});

describe('The ports of a project', () => {
  /** Services of a project, each with the port that it keeps or without one. */
  const projects = fc.uniqueArray(
    fc.record({
      environment: fc.constantFrom('prod', 'uat', 'test'),
      service: fc.stringMatching(/^[a-z]{1,3}(-(api|ui))?$/),
      type: fc.constantFrom<Type>('web', 'web', 'web', 'infra', 'worker'),
      kept: fc.option(fc.integer({ min: 7_000, max: 9_999 })),
    }),
    { maxLength: 60, selector: ({ environment, service }) => `${environment}-${service}` },
  );

  const servicesOf = (rows: typeof projects extends fc.Arbitrary<infer Rows> ? Rows : never) => {
    const ports = new Set<number>();
    return rows.map(({ environment, service, type, kept }) => {
      const isFree = kept !== null && type !== 'worker' && !ports.has(kept);
      if (isFree) ports.add(kept);
      return aService(`shop-${environment}-${service}`, type, isFree ? kept : undefined);
    });
  };

  it('are each once, keep what was given, and do not depend on who is asked first', () => {
    fc.assert(
      fc.property(projects, fc.infiniteStream(fc.nat()), (rows, order) => {
        const services = servicesOf(rows);
        const atOnce = services.map(service => portFor(service, services));
        const given = atOnce.filter(port => port !== undefined);
        expect(new Set(given).size).to.equal(given.length);
        services.forEach(({ status }, i) => {
          if (status?.port !== undefined) expect(atOnce[i]).to.equal(status.port);
        });
        // One after the other, each with what was given before.
        const current = [...services];
        const waiting = services.map((_, i) => i);
        while (waiting.length > 0) {
          const [i] = waiting.splice(order.next().value! % waiting.length, 1) as [number];
          const port = portFor(current[i]!, current);
          expect(port).to.equal(atOnce[i]);
          if (port !== undefined) current[i] = withPort(current[i]!, port);
        }
      }),
      propertyOptions(100),
    );
  });

  it('stay as they are when services come and go', () => {
    fc.assert(
      fc.property(projects, projects, fc.infiniteStream(fc.boolean()), (rows, more, stays) => {
        const services = servicesOf(rows).flatMap(service => {
          const port = portFor(service, servicesOf(rows));
          return port === undefined ? [] : [withPort(service, port)];
        });
        const staying = services.filter(() => stays.next().value);
        const names = new Set(staying.map(({ metadata }) => metadata.name));
        const coming = servicesOf(more)
          .filter(({ metadata }) => !names.has(metadata.name))
          .map(service => aService(service.metadata.name, service.spec.type));
        const all = [...coming, ...staying];
        for (const service of staying) expect(portFor(service, all)).to.equal(service.status!.port);
        const given = all.map(service => portFor(service, all)).filter(port => port !== undefined);
        expect(new Set(given).size).to.equal(given.length);
      }),
      propertyOptions(50),
    );
  });

  it('do not collide for 10,000 services in projects of many sizes', () => {
    let services = 0;
    for (let size = 1; services < 10_000; size = (size * 3) % 211) {
      const project: ServiceDeployment[] = [];
      for (let i = 0; i < size; i++) {
        const type = i % 5 === 0 ? 'infra' : 'web';
        const service = aService(`p${services}-prod-s${i}${i % 3 === 0 ? '-ui' : ''}`, type);
        project.push(withPort(service, portFor(service, project)!));
      }
      const ports = project.map(({ status }) => status?.port);
      expect(new Set(ports).size).to.equal(size);
      expect(ports).to.not.include(undefined);
      services += size;
    }
  });
});
