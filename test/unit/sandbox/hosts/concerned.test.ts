import { expect } from 'chai';
import * as fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TEST_BOOT_MS, dropletBody, startTestSandbox, type TestSandbox } from '../../../builders/sandbox.ts';
import { fakeHostDriver } from '../../../fakes/host-driver.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';

const TAGS = ['shop', 'blog', 'wiki'];

/** What a person may do next. Numbers choose among what there is. */
const step = fc.record({
  what: fc.constantFrom(
    'create',
    'create',
    'delete',
    'tag',
    'untag',
    'protect',
    'protect',
    'unprotect',
    'rename',
    'power',
    'reserve',
    'release',
    'attach',
  ),
  which: fc.nat(20),
  tag: fc.constantFrom(...TAGS),
  other: fc.constantFrom(...TAGS),
  byTag: fc.boolean(),
  settles: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A sandbox, its droplets and firewalls, and a person at work. */
class Person {
  readonly #test: TestSandbox;
  #droplets: number[] = [];
  #firewalls: string[] = [];
  #addresses: string[] = [];
  #count = 0;

  constructor(test: TestSandbox) {
    this.#test = test;
  }

  async settle(): Promise<void> {
    const { hosts } = this.#test.sandbox;
    await hosts!.settled();
    this.#test.pass(TEST_BOOT_MS);
    await this.#test.read('/v2/droplets');
    await hosts!.settled();
  }

  async do({ what, which, tag, other, byTag, settles }: Step): Promise<void> {
    const id = this.#droplets[which % this.#droplets.length];
    const name = `n${(this.#count += 1)}`;
    const tagged = { resources: [{ resource_id: String(id), resource_type: 'droplet' }] };
    if (what === 'create') await this.#create(name, byTag ? [tag] : []);
    else if (what === 'unprotect') await this.#unprotect(which);
    else if (id === undefined) return;
    else if (what === 'delete') await this.#delete(id);
    else if (what === 'tag') await this.#test.post(`/v2/tags/${tag}/resources`, tagged);
    else if (what === 'untag') await this.#test.send('DELETE', `/v2/tags/${tag}/resources`, tagged);
    else if (what === 'protect')
      await this.#protect(name, byTag ? { tags: [tag] } : { droplet_ids: [id] }, other);
    else if (what === 'rename') await this.#test.post(`/v2/droplets/${id}/actions`, { type: 'rename', name });
    else if (what === 'power')
      await this.#test.post(`/v2/droplets/${id}/actions`, { type: byTag ? 'power_on' : 'power_off' });
    else if (what === 'reserve') await this.#reserve(id);
    else if (what === 'release')
      await this.#test.send('DELETE', `/v2/reserved_ips/${this.#addresses.pop() ?? '192.0.2.1'}`);
    else await this.#attach(name, id);
    if (settles) await this.settle();
  }

  async #create(name: string, tags: string[]): Promise<void> {
    const { body } = await this.#test.post('/v2/droplets', dropletBody({ name, tags }));
    this.#droplets.push(body.droplet.id);
  }

  async #delete(id: number): Promise<void> {
    const { status } = await this.#test.send('DELETE', `/v2/droplets/${id}`);
    if (status === 204) this.#droplets = this.#droplets.filter(other => other !== id);
  }

  async #protect(name: string, whom: object, from: string): Promise<void> {
    const sources = this.#count % 2 === 0 ? { tags: [from] } : { droplet_ids: this.#droplets.slice(-1) };
    const inbound_rules = [{ protocol: 'tcp', ports: '22', sources }];
    const { body } = await this.#test.post('/v2/firewalls', { name, ...whom, inbound_rules });
    if (body.firewall !== undefined) this.#firewalls.push(body.firewall.id);
  }

  async #unprotect(which: number): Promise<void> {
    const [id] = this.#firewalls.splice(which % Math.max(1, this.#firewalls.length), 1);
    if (id !== undefined) await this.#test.send('DELETE', `/v2/firewalls/${id}`);
  }

  async #reserve(droplet: number): Promise<void> {
    const { body } = await this.#test.post('/v2/reserved_ips', { droplet_id: droplet });
    if (body.reserved_ip !== undefined) this.#addresses.push(body.reserved_ip.ip);
  }

  async #attach(name: string, droplet: number): Promise<void> {
    const region = 'nyc3';
    const { body } = await this.#test.post('/v2/volumes', { name, region, size_gigabytes: 1 });
    await this.#test.post(`/v2/volumes/${body.volume.id}/actions`, {
      type: 'attach',
      droplet_id: droplet,
      region,
    });
  }
}

describe('the droplets that changes of the records concern', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('are all whose machines are not what the records, read again, make of them', async function () {
    this.timeout(60_000);
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async steps => {
        const stateFile = join(folder, `state-${(runs += 1)}.jsonl`);
        const followed = fakeHostDriver();
        const test = await startTestSandbox({
          hosts: followed,
          stateFile,
          limits: { perHour: 1e6, perMinute: 1e6 },
        });
        const person = new Person(test);
        for (const tag of TAGS) await test.post('/v2/tags', { name: tag });
        for (const next of steps) await person.do(next);
        await person.settle();
        await person.settle();
        await test.sandbox.close();

        const anew = fakeHostDriver();
        const { sandbox } = await startTestSandbox({ hosts: anew, stateFile }, test.now());
        await sandbox.hosts!.settled();
        await sandbox.close();
        expect(sorted(followed.machines)).to.deep.equal(sorted(anew.machines));
      }),
      propertyOptions(40),
    );
  });
});

const sorted = <T>(machines: ReadonlyMap<number, T>) => [...machines].toSorted(([a], [b]) => a - b);
