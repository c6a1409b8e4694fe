import { expect } from 'chai';
import * as fc from 'fast-check';
import { startTestSandbox, TEST_BOOT_MS, type TestReply, type TestSandbox } from '../../builders/sandbox.ts';
import { propertyOptions } from '../../fakes/property-options.ts';
import { OPERATIONS } from './operations.ts';
import { readSpecification, type Specification } from './specification.ts';
import { validRequests, type ValidRequest } from './valid-requests.ts';

const FILE = process.env['DIGITALOCEAN_OPENAPI'];
const LIMITS = { perHour: 1e9, perMinute: 1e9 };

/** Where in a body something is changed, from its root on. */
type Place = readonly (string | number)[];

describe('a request that the specification refuses (DIGITALOCEAN_OPENAPI)', () => {
  let specification: Specification;
  let test: TestSandbox;
  let requests: ValidRequest[];

  before(async function () {
    if (FILE === undefined) {
      if (process.env['CI'] === 'true')
        throw new Error('DIGITALOCEAN_OPENAPI must name the OpenAPI document of DigitalOcean');
      return this.skip();
    }
    specification = await readSpecification(FILE);
    test = await startTestSandbox({ limits: LIMITS });
    requests = await validRequests(test);
  });
  after(() => test?.sandbox.close());

  const parts = ({ operation }: ValidRequest) => operation.split(' ') as [method: string, path: string];
  /** No body is an empty one. */
  const accepts = (request: ValidRequest, body: unknown = {}): boolean =>
    specification.accepts(...parts(request), body);

  function send(request: ValidRequest, body: unknown): Promise<TestReply> {
    const [method, path] = parts(request);
    const ids = [...request.ids];
    const url = path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(String(ids.shift())));
    return test.send(method, url + (request.query ?? ''), JSON.stringify(body));
  }

  it('is refused, whatever is wrong in its body and wherever', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(brokenRequest(requests, specification), async ({ request, body }) => {
        fc.pre(!accepts(request, body) && !accepts(request, asClientsMeanIt(body)));
        const reply = await send(request, body);
        const what = `${request.operation} ${JSON.stringify(body)}: ${reply.text}`;
        expect(reply.status, what).to.be.oneOf([400, 404, 422]);
        // What is no object is refused before the operation, which may have errors of a shape of its own.
        if (isObject(body)) specification.check(...parts(request), reply.status, reply.body);
      }),
      propertyOptions(1500),
    );
  });

  it('differs from one that is accepted only in what was broken', async () => {
    for (const request of requests) {
      expect(accepts(request, jsonOf(request.body)), `${request.operation} by the specification`).to.equal(
        true,
      );
      const { status, text } = await send(request, request.body);
      expect(status, `${request.operation} ${JSON.stringify(request.body)}: ${text}`).to.be.within(200, 299);
      test.pass(2 * TEST_BOOT_MS);
    }
  });

  it('was tried for every operation that takes a body', () => {
    const tried = new Set(requests.map(request => request.operation));
    const taking = OPERATIONS.filter(operation => {
      const [method, path] = operation.split(' ') as [string, string];
      return specification.takesBody(method, path);
    });
    expect(taking.filter(operation => !tried.has(operation))).to.deep.equal([]);
  });
});

const jsonOf = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** A request with one thing broken: a value of another kind, out of its range, or missing. */
function brokenRequest(requests: readonly ValidRequest[], specification: Specification) {
  return fc.constantFrom(...requests).chain(request => {
    const body = jsonOf(request.body);
    const [method, path] = request.operation.split(' ') as [string, string];
    const absent = specification.fields(method, path).map((field): Place => [field]);
    return fc
      .record({
        place: fc.constantFrom(...placesIn(body), ...absent),
        value: fc.option(wrongValue, { nil: undefined, freq: 8 }),
      })
      .map(({ place, value }) => ({ request, body: replaced(body, place, value) }));
  });
}

const wrongValue = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e15,
    '',
    ' ',
    '\u0000',
    [],
    {},
    [null],
    [[]],
    [{}],
  ),
  fc.constantFrom('x'.repeat(300), 'not-a-choice', '12', 'true', 'do:nothing:1'),
  fc.jsonValue({ maxDepth: 2 }),
);

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every place in a JSON value, its root included. */
function placesIn(value: unknown): Place[] {
  const inside = Array.isArray(value)
    ? [...value.entries()]
    : typeof value === 'object' && value !== null
      ? Object.entries(value)
      : [];
  return [[], ...inside.flatMap(([key, item]) => placesIn(item).map((place): Place => [key, ...place]))];
}

/** A copy with the value at a place replaced, or taken away when there is none. */
function replaced(body: unknown, place: Place, value: unknown): unknown {
  const [key, ...rest] = place;
  if (key === undefined) return value;
  const copy = (Array.isArray(body) ? [...(body as unknown[])] : { ...(body as object) }) as Record<
    string | number,
    unknown
  >;
  const next = replaced(copy[key], rest, value);
  if (next === undefined && !Array.isArray(copy)) delete copy[key];
  else copy[key] = next;
  return copy;
}

/**
 * Clients send null or an empty text for what they leave out, and no ports with ICMP. What is for replies only is ignored,
 * and a distribution may have any name.
 */
function asClientsMeanIt(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asClientsMeanIt);
  if (typeof value !== 'object' || value === null) return value;
  const { id: _id, fingerprint: _fingerprint, ...rest } = value as Record<string, unknown>;
  const given = Object.entries(rest).filter(([, item]) => item !== null && item !== '');
  const meant = Object.fromEntries(given.map(([key, item]) => [key, asClientsMeanIt(item)]));
  if (typeof meant['distribution'] === 'string') meant['distribution'] = 'Unknown';
  return meant['protocol'] === 'icmp' ? { ports: '0', ...meant } : meant;
}
