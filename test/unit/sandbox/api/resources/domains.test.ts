import { expect } from 'chai';
import type { DnsRecord } from '../../../../../sandbox/account/records/dns-records.ts';
import { startTestSandbox, type TestSandbox } from '../../../../builders/sandbox.ts';

const RECORDS = '/v2/domains/example.com/records';

describe('a domain of the sandbox', () => {
  let test: TestSandbox;
  beforeEach(async () => {
    test = await startTestSandbox();
    await test.post('/v2/domains', { name: 'Example.com', ip_address: '192.0.2.1' });
  });
  afterEach(() => test.sandbox.close());

  const add = async (body: object) => (await test.post(RECORDS, body)).body.domain_record;
  const refusal = async (body: object): Promise<string> => {
    const { status, body: reply } = await test.post(RECORDS, body);
    return `${status} ${reply.message}`;
  };

  it('begins with its name servers and its address, and says them as a zone file', async () => {
    const { domain_records } = await test.read(RECORDS);
    expect(domain_records.map(({ type, name, data }: DnsRecord) => `${type} ${name} ${data}`)).to.deep.equal([
      'SOA @ 1800',
      'NS @ ns1.digitalocean.com',
      'NS @ ns2.digitalocean.com',
      'NS @ ns3.digitalocean.com',
      'A @ 192.0.2.1',
    ]);
    const { domain } = await test.read('/v2/domains/example.com');
    expect(domain.zone_file)
      .to.contain('$ORIGIN example.com.\n')
      .and.contain('example.com. 1800 IN A 192.0.2.1\n');
  });

  it('has a record below itself, however its name is written, and host names without their dot', async () => {
    expect(await add({ type: 'A', name: 'www.example.com.', data: '192.0.2.2' })).to.include({
      name: 'www',
      ttl: 1800,
    });
    expect(await add({ type: 'CNAME', name: 'Shop', data: 'WWW.example.com.' })).to.include({
      name: 'shop',
      data: 'www.example.com',
    });
    expect(await add({ type: 'MX', name: '@', data: 'mail.example.com.', priority: 10 })).to.include({
      priority: 10,
      port: null,
    });
    expect(await add({ type: 'TXT', name: '_acme-challenge', data: 'a "b"', ttl: 30 })).to.include({
      data: 'a "b"',
    });
  });

  it('is found by type and by full name', async () => {
    await add({ type: 'A', name: 'www', data: '192.0.2.2' });
    const found = async (query: string): Promise<number> =>
      (await test.read(`${RECORDS}?${query}`)).meta.total;
    expect(await found('name=www.example.com')).to.equal(1);
    expect(await found('name=www')).to.equal(0);
    expect(await found('type=A')).to.equal(2);
    expect(await found('type=NS&name=example.com')).to.equal(3);
  });

  it('keeps of a record what is not changed', async () => {
    const { id } = await add({ type: 'MX', name: '@', data: 'mail.example.com.', priority: 10, ttl: 60 });
    const { body } = await test.send('PATCH', `${RECORDS}/${id}`, { type: 'MX', priority: 20 });
    expect(body.domain_record).to.include({ priority: 20, data: 'mail.example.com', ttl: 60, name: '@' });
  });

  it('makes a record one of another type under its name, with data of that type', async () => {
    const { id } = await add({ type: 'A', name: 'www', data: '192.0.2.2', ttl: 60 });
    const put = async (body: object) => await test.send('PUT', `${RECORDS}/${id}`, body);
    expect((await put({ type: 'CNAME' })).status).to.equal(422);
    expect((await put({ type: 'CNAME', data: '@' })).body.domain_record).to.include({
      name: 'www',
      data: '@',
      ttl: 60,
    });
  });

  it('refuses what no name server could serve', async () => {
    expect(await refusal({ type: 'A', name: 'www', data: '2001:db8::1' })).to.contain(
      '422 IP address did not match IPv4',
    );
    expect(await refusal({ type: 'AAAA', name: 'www', data: '192.0.2.1' })).to.contain('did not match IPv6');
    expect(await refusal({ type: 'CNAME', name: 'a', data: 'www.example.com' })).to.equal(
      '422 Data needs to end with a dot (.)',
    );
    expect(await refusal({ type: 'MX', name: '@', data: 'mail.example.com.' })).to.equal(
      "422 priority can't be blank",
    );
    expect(await refusal({ type: 'CAA', name: '@', data: 'ca.example', flags: 0, tag: 'x' })).to.contain(
      'Tag must be one of',
    );
    expect(await refusal({ type: 'A', name: 'a b', data: '192.0.2.1' })).to.contain('Name contains invalid');
    expect(await refusal({ type: 'A', name: 'www', data: '192.0.2.1', ttl: 29 })).to.contain(
      'ttl must be between',
    );
    expect(await refusal({ type: 'SOA', name: '@', data: '1' })).to.contain('SOA');
    await add({ type: 'CNAME', name: 'shop', data: '@' });
    for (const type of ['A', 'CNAME'])
      expect(await refusal({ type, name: 'shop', data: type === 'A' ? '192.0.2.1' : '@' })).to.contain(
        'cannot share a name',
      );
    for (const name of ['example', 'a b.com', '-a.com', 'example.com', ''])
      expect((await test.post('/v2/domains', { name })).status, name).to.equal(422);
  });

  it('is gone with all its records, and another of that name has none of them', async () => {
    const { id } = await add({ type: 'A', name: 'www', data: '192.0.2.2' });
    await test.post('/v2/domains', { name: 'other.com' });
    expect((await test.send('GET', `/v2/domains/other.com/records/${id}`)).status).to.equal(404);
    expect((await test.send('DELETE', '/v2/domains/example.com')).status).to.equal(204);
    expect((await test.send('GET', RECORDS)).status).to.equal(404);
    await test.post('/v2/domains', { name: 'example.com' });
    expect((await test.read(RECORDS)).meta.total).to.equal(4);
  });
});
