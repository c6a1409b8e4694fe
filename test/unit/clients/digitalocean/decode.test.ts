import { expect } from 'chai';
import { anything, array, assert, constantFrom, oneof, property, string, type Arbitrary } from 'fast-check';
import { isIP, isIPv4 } from 'node:net';
import * as decode from '../../../../clients/digitalocean/decode.ts';
import { decodeFirewall } from '../../../../clients/digitalocean/decode-firewall.ts';
import { itemsWithIds } from '../../../../clients/digitalocean/listed.ts';
import { COUNT, Unreadable, type Kind } from '../../../../clients/digitalocean/values.ts';
import { DROPLET_REPLY } from '../../../builders/cloud-replies.ts';
import { changed, pathsOf } from '../../../builders/mutants.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';

const NOW = '2026-01-01T00:00:00Z';
const DROPLET = DROPLET_REPLY;
const FIREWALL = {
  id: '6f1b0b1e-0000-4000-8000-000000000000',
  name: 'dropfleet-shop',
  tags: ['dropfleet:f'],
  droplet_ids: [7],
  created_at: NOW,
  inbound_rules: [
    { protocol: 'tcp', ports: '8000-9999', sources: { addresses: ['0.0.0.0/0', '::/0'], tags: ['t'] } },
  ],
  outbound_rules: [{ protocol: 'icmp', ports: '0', destinations: { addresses: ['2001:db8::1'] } }],
};
const SIZE = {
  slug: 's-1vcpu-1gb',
  disk: 25,
  memory: 1024,
  vcpus: 1,
  price_monthly: 6,
  available: true,
  regions: ['nyc3'],
};
const KEY = { id: 6, name: "Zoë's laptop", fingerprint: 'aa:bb', public_key: 'ssh-ed25519 AAAA a@b' };
const SNAPSHOT = {
  id: '8',
  name: 'before the move',
  resource_id: '7',
  resource_type: 'droplet',
  regions: ['nyc3'],
  min_disk_size: 25,
  size_gigabytes: 2.34,
  tags: ['t'],
  created_at: NOW,
};
const ACCOUNT = { uuid: 'b6fr89dbf6d9156cace5f3c78dc9851d957381ef', droplet_limit: 25, status: 'active' };
const ACTION = { id: 5, type: 'power_off', status: 'in-progress' };

const EXAMPLES: readonly [Kind<unknown>, object][] = [
  [decode.decodeDroplet, DROPLET],
  [decodeFirewall, FIREWALL],
  [decode.decodeSize, SIZE],
  [decode.decodeKey, KEY],
  [decode.decodeSnapshot, SNAPSHOT],
  [decode.decodeAccount, ACCOUNT],
  [decode.decodeAction, ACTION],
];

const V4 = ['networks', 'v4', 1, 'ip_address'];
const RULE = ['inbound_rules', 0];

describe("What is read of DigitalOcean's replies", () => {
  const refusals: [Kind<unknown>, object, (string | number)[], unknown[]][] = [
    [decode.decodeDroplet, DROPLET, ['id'], [0, -7, 7.5, 2 ** 53, '7', null, undefined, NaN]],
    [
      decode.decodeDroplet,
      DROPLET,
      ['name'],
      ['', 'a b', 'x\u001b[2J', 'x\n', 'x'.repeat(256), '-', 7, undefined],
    ],
    [decode.decodeDroplet, DROPLET, ['status'], ['', 'gone', 'Active', 1, undefined]],
    [decode.decodeDroplet, DROPLET, ['locked'], ['false', 0, undefined]],
    [decode.decodeDroplet, DROPLET, ['size_slug'], ['', '../x', 's 1', 'x'.repeat(101), undefined]],
    [decode.decodeDroplet, DROPLET, ['disk'], [-1, 1e9, '25', 2.5, undefined]],
    [decode.decodeDroplet, DROPLET, ['region', 'slug'], ['', 'nyc3\u202e', undefined]],
    [decode.decodeDroplet, DROPLET, ['image'], [null, '', 0, {}, { id: -1 }, { slug: 'a b' }]],
    [decode.decodeDroplet, DROPLET, ['tags', 0], ['', 'a.b', 'a b', 'x'.repeat(256), 7, null]],
    [
      decode.decodeDroplet,
      DROPLET,
      ['created_at'],
      ['', 'then', '2026-13-01T00:00:00Z', `${NOW}\n`, 0, undefined],
    ],
    [
      decode.decodeDroplet,
      DROPLET,
      V4,
      [
        '127.0.0.1; rm -rf /',
        '1.2.3',
        '01.2.3.4',
        '1.2.3.256',
        '::1',
        '0.0.0.0',
        '169.254.169.254',
        '224.0.0.1',
        '255.255.255.255',
        'x.example',
        '',
        1,
        null,
      ],
    ],
    [decodeFirewall, FIREWALL, ['name'], ['', 'a_b', '-a', 'a\u0000', undefined]],
    [decodeFirewall, FIREWALL, ['id'], ['', '../droplets', 7, undefined]],
    [decodeFirewall, FIREWALL, ['droplet_ids', 0], [0, '7']],
    [decodeFirewall, FIREWALL, [...RULE, 'ports'], ['99999', '9-8', '1-2-3', '22;', 22, ' 22']],
    [decodeFirewall, FIREWALL, [...RULE, 'sources'], [undefined, null, [], 'all']],
    [
      decodeFirewall,
      FIREWALL,
      [...RULE, 'sources', 'addresses', 0],
      ['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0/8', 'fe80::1%eth0', '1.2.3.4/8/8', 'any', '', 4],
    ],
    [decode.decodeSize, SIZE, ['price_monthly'], [-1, '6', NaN, Infinity, undefined]],
    [decode.decodeSize, SIZE, ['memory'], [-1, '1', 1.5, undefined]],
    [decode.decodeKey, KEY, ['name'], ['a\u0007', 'x'.repeat(256), 7, undefined]],
    [decode.decodeKey, KEY, ['public_key'], ['', 'a\nb', 'x'.repeat(20_000), undefined]],
    [decode.decodeSnapshot, SNAPSHOT, ['id'], ['', '8/9', 0, undefined]],
    [decode.decodeSnapshot, SNAPSHOT, ['resource_id'], ['', '7/8', '07', '1e3', 0, null, undefined]],
    [decode.decodeSnapshot, SNAPSHOT, ['size_gigabytes'], [-1, '2', NaN, Infinity, undefined]],
    [decode.decodeSnapshot, SNAPSHOT, ['min_disk_size'], [-1, '25', 2.5, undefined]],
    [decode.decodeSnapshot, SNAPSHOT, ['created_at'], ['', 'then', null, undefined]],
    [decode.decodeAccount, ACCOUNT, ['droplet_limit'], [-1, 1e9, '25', undefined]],
    [decode.decodeAccount, ACCOUNT, ['uuid'], ['', 'a b', 7, undefined]],
    [decode.decodeAction, ACTION, ['status'], ['done', undefined]],
  ];
  for (const [kind, example, path, values] of refusals)
    it(`is no ${kind.name.slice('decode'.length)} with another ${path.join('.')} than it can have`, () => {
      for (const value of values)
        expect(() => kind(changed(example, path, value), 'it'), String(value)).to.throw(
          Unreadable,
          /, expected /,
        );
    });

  it('is what is there, in all spellings that there are', () => {
    for (const [kind, example] of EXAMPLES) expect(() => kind(example, 'it')).not.to.throw();
    const image = { id: 99, slug: '' };
    const fresh = { ...DROPLET, networks: { v4: [] }, region: 'nyc3', tags: null, image };
    expect(decode.decodeDroplet(fresh, 'it')).to.include({ region: 'nyc3', image: '99' });
    expect(decode.decodeDroplet({ ...DROPLET, networks: undefined }, 'it')).not.to.have.property(
      'publicAddress',
    );
    expect(decode.decodeSnapshot({ ...SNAPSHOT, id: 8, resource_id: 7, tags: null }, 'it')).to.include({
      id: '8',
      dropletId: 7,
    });
    for (const ports of ['', 'all', '0', undefined])
      expect(decodeFirewall(changed(FIREWALL, [...RULE, 'ports'], ports), 'it').inbound[0]!.ports).to.equal(
        '0',
      );
  });

  it('is no total below nothing, or beyond what any account has', () => {
    for (const total of [-1, 1e9, 0.5, '6', null])
      expect(() => COUNT(total, 'meta.total')).to.throw(Unreadable);
  });

  it('tells where it is wrong, in one short line without anything that a terminal obeys', () => {
    const name = `\u001b[31m${'x'.repeat(1e7)}\n`;
    const { readable, message } = refusalOf(() => decode.decodeDroplet({ ...DROPLET, name }, 'droplets[3]'));
    expect(readable).to.equal(false);
    expect(message).to.match(/^droplets\[3\]\.name is "\\u001b\[31mx+\.\.\.", expected letters, digits/);
    expect(message.length).to.be.below(250);
  });

  it('is never what cannot be, whatever takes the place of any part, and nothing but that is ever thrown', () => {
    assert(
      property(mutations(), ({ example, value }) => {
        const { readable, thing } = refusalOf(() => EXAMPLES[example]![0](value, 'it'));
        if (readable) expect(flaws(thing)).to.deep.equal([]);
      }),
      propertyOptions(1_000),
    );
  });

  it('hides no item of a list behind another that cannot be', () => {
    assert(
      property(array(mutations(0), { maxLength: 6 }), mutants => {
        const items = [DROPLET, ...mutants.map(({ value }) => value), DROPLET];
        const listed = itemsWithIds(decode.decodeDroplet)(items, 'droplets');
        expect(listed).to.have.length(items.length);
        for (const item of [listed[0], listed.at(-1)])
          expect(item).to.have.property('value').with.property('id', 7);
      }),
      propertyOptions(300),
    );
  });
});

/** What comes of it: a thing, or Unreadable; any other error is the test's. */
function refusalOf(read: () => unknown): { readable: boolean; thing?: unknown; message: string } {
  try {
    return { readable: true, thing: read(), message: '' };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { readable: false, message: error.message };
  }
}

interface Mutant {
  /** Which of the examples it was made of. */
  example: number;
  value: unknown;
}

/** Examples of which any part is something else, often of the same make. */
function mutations(only?: number): Arbitrary<Mutant> {
  const nasty = oneof(
    anything({ withNullPrototype: true, withBigInt: true, withDate: true }),
    string({ unit: 'binary', maxLength: 300 }),
    constantFrom<unknown>(null, undefined, '', 0, -1, 1e9, 2 ** 53, NaN, Infinity, '0', '__proto__', [], {}, [
      [],
    ]),
    constantFrom(
      '1.2.3.4',
      '10.0.0.0/8',
      '::1',
      '1.2.3.4\n',
      '0.0.0.0',
      'active',
      'new',
      'all',
      NOW,
      'nyc3',
      's\u200b',
    ),
  );
  const places = EXAMPLES.flatMap(([, thing], example) =>
    only === undefined || only === example ? pathsOf(thing).map(path => ({ thing, example, path })) : [],
  );
  return constantFrom(...places).chain(({ thing, example, path }) =>
    nasty.map(to => ({ example, value: changed(thing, path, to) })),
  );
}

/** A model of what can be, by the names of the fields alone: whatever in a thing that was read breaks it. */
function flaws(thing: unknown, name = ''): string[] {
  if (Array.isArray(thing)) return thing.flatMap(item => flaws(item, name));
  if (typeof thing === 'object' && thing !== null)
    return Object.entries(thing).flatMap(([field, value]) => flaws(value, field));
  return isPossible(thing, name) ? [] : [`${name}: ${JSON.stringify(thing)}`];
}

function isPossible(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return true;
  if (typeof value === 'number')
    return value >= 0 && (Number.isSafeInteger(value) || ['priceMonthly', 'sizeGB'].includes(name));
  if (typeof value !== 'string' || /\p{Cc}/u.test(value)) return false;
  if (name.endsWith('Address')) return isIPv4(value) && !/^(0|22[4-9]|2[3-5].|169\.254)\./.test(value);
  if (name === 'addresses') return isIP(value.split('/')[0]!) > 0;
  if (name === 'createdAt') return value === '' || new Date(value).getTime() > 0;
  return value.length <= (name === 'publicKey' ? 16_384 : 255);
}
