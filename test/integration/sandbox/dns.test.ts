import { expect } from 'chai';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { startTestSandbox, type TestSandbox } from '../../builders/sandbox.ts';

// Node's own resolver (c-ares) asks: it takes TCP for what does not fit.
describe("The sandbox's name server", () => {
  let test: TestSandbox;
  let resolver: Resolver;

  before(async () => {
    test = await startTestSandbox({ dnsPort: 0 });
    resolver = new Resolver({ tries: 1 });
    resolver.setServers([`127.0.0.1:${test.sandbox.dnsPort}`]);
    await test.post('/v2/domains', { name: 'example.com', ip_address: '192.0.2.1' });
    const records = [
      { type: 'AAAA', name: '@', data: '2001:db8::1' },
      { type: 'CNAME', name: 'www', data: '@' },
      { type: 'MX', name: '@', data: 'mail.example.com.', priority: 5 },
      { type: 'CAA', name: '@', data: 'letsencrypt.org', flags: 0, tag: 'issue' },
      { type: 'SRV', name: '_sip._tcp', data: 'sip.example.com.', priority: 1, weight: 2, port: 5060 },
      { type: 'TXT', name: 'long', data: 'x'.repeat(2_000) },
    ];
    for (const record of records)
      expect((await test.post('/v2/domains/example.com/records', record)).status).to.equal(201);
  });
  after(() => test?.sandbox.close());

  const code = (asked: Promise<unknown>): Promise<string> =>
    asked.then(
      () => 'answered',
      (error: NodeJS.ErrnoException) => error.code!,
    );

  it('answers what was put there by the API, from that moment on', async () => {
    expect(await resolver.resolve4('example.com')).to.deep.equal(['192.0.2.1']);
    expect(await resolver.resolve6('EXAMPLE.com')).to.deep.equal(['2001:db8::1']);
    expect(await resolver.resolve4('www.example.com')).to.deep.equal(['192.0.2.1']);
    expect((await resolver.resolveMx('example.com'))[0]).to.include({
      exchange: 'mail.example.com',
      priority: 5,
    });
    expect((await resolver.resolveCaa('example.com'))[0]).to.include({
      critical: 0,
      issue: 'letsencrypt.org',
    });
    expect((await resolver.resolveSrv('_sip._tcp.example.com'))[0]).to.include({
      name: 'sip.example.com',
      port: 5060,
    });
    expect((await resolver.resolveSoa('example.com')).nsname).to.equal('ns1.digitalocean.com');
    expect(await code(resolver.resolveTxt('_acme-challenge.example.com'))).to.equal('ENOTFOUND');
    const challenge = { type: 'TXT', name: '_acme-challenge', data: 'token', ttl: 30 };
    const { body } = await test.post('/v2/domains/example.com/records', challenge);
    expect(await resolver.resolveTxt('_acme-challenge.example.com')).to.deep.equal([['token']]);
    await test.send('DELETE', `/v2/domains/example.com/records/${body.domain_record.id}`);
    expect(await code(resolver.resolveTxt('_acme-challenge.example.com'))).to.equal('ENOTFOUND');
  });

  it('gives by TCP what UDP has no room for', async () => {
    const [parts] = await resolver.resolveTxt('long.example.com');
    expect(parts!.join('')).to.equal('x'.repeat(2_000));
    expect(parts!.every(part => part.length <= 255)).to.equal(true);
  });

  it('refuses what belongs to no domain of the account', async () => {
    expect(await code(resolver.resolve4('example.org'))).to.equal('EREFUSED');
  });

  it('lives through what is no query', async () => {
    const udp = createSocket('udp4');
    for (const junk of ['', 'x', '\u0000'.repeat(12), '\u00ff'.repeat(600)])
      udp.send(Buffer.from(junk, 'latin1'), test.sandbox.dnsPort, '127.0.0.1');
    const tcp = connect(test.sandbox.dnsPort!, '127.0.0.1');
    tcp.write(Buffer.from([0, 3, 1, 2, 3]));
    await once(tcp, 'close');
    udp.close();
    expect(await resolver.resolve4('example.com')).to.deep.equal(['192.0.2.1']);
  });
});
