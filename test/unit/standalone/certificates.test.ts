import { expect } from 'chai';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { createTlsIdentity, isUsable } from '../../../standalone/certificates.ts';
import * as der from '../../../standalone/der.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const YEAR = 365 * 24 * 3_600_000;

describe('DER', () => {
  const hex = (bytes: Buffer): string => bytes.toString('hex');

  it('writes integers without a sign and without zeros in front', () => {
    expect(hex(der.integer(Buffer.from([0])))).to.equal('020100');
    expect(hex(der.integer(Buffer.from([0, 0, 127])))).to.equal('02017f');
    expect(hex(der.integer(Buffer.from([128])))).to.equal('02020080');
  });

  it('writes lengths in one, two or three bytes', () => {
    expect(hex(der.octets(Buffer.alloc(127)).subarray(0, 2))).to.equal('047f');
    expect(hex(der.octets(Buffer.alloc(128)).subarray(0, 3))).to.equal('048180');
    expect(hex(der.octets(Buffer.alloc(256)).subarray(0, 4))).to.equal('04820100');
  });

  it('writes object identifiers', () => {
    expect(hex(der.objectIdentifier('1.2.840.10045.4.3.2'))).to.equal('06082a8648ce3d040302');
    expect(hex(der.objectIdentifier('2.5.29.17'))).to.equal('0603551d11');
  });

  it('writes times with two digits of the year until 2049, with four from 2050', () => {
    expect(der.time(new Date('2049-12-31T23:59:59Z')).toString('latin1')).to.equal('\x17\x0d491231235959Z');
    expect(der.time(new Date('2050-01-01T00:00:00Z')).toString('latin1')).to.equal('\x18\x0f20500101000000Z');
  });
});

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

  it('is made anew in time, and when its parts do not belong together', () => {
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

  it('is for other addresses too when told so, and made anew for those it does not name', () => {
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
