import { expect } from 'chai';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { createTlsIdentity, isUsable } from '../../../standalone/certificates.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const YEAR = 365 * 24 * 3_600_000;

describe('The TLS identity', () => {
  const identity = createTlsIdentity(NOW);
  const authority = new X509Certificate(identity.authority);
  const server = new X509Certificate(identity.server.certificate);

  it('is for this machine, signed by an authority of its own', () => {
    expect(server.checkIP('127.0.0.1')).to.equal('127.0.0.1');
    expect(server.checkHost('localhost')).to.equal('localhost');
    expect(server.checkHost('example.com')).to.equal(undefined);
    expect(server.verify(authority.publicKey)).to.equal(true);
    expect(server.checkIssued(authority)).to.equal(true);
    expect([authority.ca, server.ca]).to.deep.equal([true, false]);
  });

  it('holds for ten years', () => {
    expect(server.validFromDate.getTime()).to.be.below(NOW);
    expect(server.validTo).to.equal('Jun  1 00:00:00 2036 GMT');
  });

  it('can end after 2049, from when on dates are written in another way', () => {
    const { authority } = createTlsIdentity(NOW + 15 * YEAR);
    expect(new X509Certificate(authority).validTo).to.equal('May 28 00:00:00 2051 GMT');
  });

  it('can be for one address or fifty, whatever bytes their length takes', () => {
    const addresses = Array.from({ length: 50 }, (_, i) => `192.0.2.${i}`);
    expect(isUsable(createTlsIdentity(NOW, addresses), NOW, addresses)).to.equal(true);
  });

  it('is recreated in time, and when its parts do not belong together', () => {
    const other = createTlsIdentity(NOW);
    expect(isUsable(identity, NOW)).to.equal(true);
    expect(isUsable(identity, NOW + 10 * YEAR)).to.equal(false);
    const { server, client } = identity;
    expect(isUsable({ ...identity, server: { ...server, key: other.server.key } }, NOW)).to.equal(false);
    expect(isUsable({ ...identity, client: { ...client, key: other.client.key } }, NOW)).to.equal(false);
    expect(isUsable({ ...identity, authority: other.authority }, NOW)).to.equal(false);
    const nothing = { certificate: '', key: '' };
    expect(isUsable({ authority: '', server: nothing, client: nothing }, NOW)).to.equal(false);
  });

  it('is for other addresses too when told so, and made again for those it does not name', () => {
    const wide = createTlsIdentity(NOW, ['192.0.2.7']);
    expect(new X509Certificate(wide.server.certificate).checkIP('192.0.2.7')).to.equal('192.0.2.7');
    expect(isUsable(wide, NOW, ['127.0.0.1', '192.0.2.7'])).to.equal(true);
    expect(isUsable(wide, NOW, ['192.0.2.8'])).to.equal(false);
  });

  it('is trusted by who knows its authority, and by nobody else', async () => {
    const fresh = createTlsIdentity(Date.now());
    const listener = createServer({ cert: fresh.server.certificate, key: fresh.server.key }, socket =>
      socket.end(),
    );
    listener.on('tlsClientError', () => undefined);
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const trusting = connect({ port, host: '127.0.0.1', ca: fresh.authority });
    await once(trusting, 'secureConnect');
    expect(trusting.authorized).to.equal(true);
    trusting.destroy();
    const other = connect({ port, host: '127.0.0.1', ca: createTlsIdentity(Date.now()).authority });
    const [error] = (await once(other, 'error')) as [Error];
    expect(error.message).to.match(/certificate|signature/);
    listener.close();
  });
});
