import {
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import * as der from './der.ts';

/** What a TLS server on the loopback interface and its clients need, as PEM. */
export interface TlsIdentity {
  authority: string;
  certificate: string;
  key: string;
}

const YEARS_VALID = 10;
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const EXTENSION = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
};
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
/** Bits of KeyUsage, counted from the left. */
const DIGITAL_SIGNATURE = 0;
const KEY_CERT_SIGN = 5;
const CRL_SIGN = 6;

/** Who a certificate is about, and with which key. */
interface Party {
  name: string;
  publicKey: KeyObject;
}

/** A certificate to be made. */
interface Request {
  subject: Party;
  issuer: Party & { privateKey: KeyObject };
  notBefore: Date;
  notAfter: Date;
  extensions: Buffer[];
}

/**
 * A new authority and a certificate for 127.0.0.1 and localhost that it signed (ECDSA P-256, ten years). The
 * authority's key is forgotten, so nothing else can ever be signed in its name.
 */
export function createTlsIdentity(now: number): TlsIdentity {
  const authority = { name: 'dropfleet-standalone-ca', ...newKey() };
  const server = { name: 'dropfleet-standalone', ...newKey() };
  const validity = validityFrom(now);
  return {
    authority: signCertificate({
      subject: authority,
      issuer: authority,
      ...validity,
      extensions: authorityExtensions(authority),
    }),
    certificate: signCertificate({
      subject: server,
      issuer: authority,
      ...validity,
      extensions: serverExtensions(server, authority),
    }),
    key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

/** Whether the identity belongs together and will hold for another month. */
export function isUsable({ authority, certificate, key }: TlsIdentity, now: number): boolean {
  try {
    const [issuer, server] = [new X509Certificate(authority), new X509Certificate(certificate)];
    const month = 30 * 24 * 3_600_000;
    return (
      server.verify(issuer.publicKey) &&
      server.publicKey.equals(createPublicKey(key)) &&
      Date.parse(server.validTo) > now + month
    );
  } catch {
    // Unreadable is as good as absent: the caller makes a new one.
    return false;
  }
}

const newKey = (): { publicKey: KeyObject; privateKey: KeyObject } =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** From an hour ago, for clocks that differ. */
function validityFrom(now: number): { notBefore: Date; notAfter: Date } {
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + YEARS_VALID);
  return { notBefore: new Date(now - 3_600_000), notAfter };
}

const authorityExtensions = (authority: Party): Buffer[] => [
  extension(EXTENSION.basicConstraints, der.sequence(der.boolean(true)), { critical: true }),
  extension(EXTENSION.keyUsage, der.bits(DIGITAL_SIGNATURE, KEY_CERT_SIGN, CRL_SIGN), { critical: true }),
  extension(EXTENSION.subjectKeyIdentifier, der.octets(keyIdentifier(authority))),
];

const serverExtensions = (server: Party, authority: Party): Buffer[] => [
  extension(EXTENSION.basicConstraints, der.sequence(), { critical: true }),
  extension(EXTENSION.keyUsage, der.bits(DIGITAL_SIGNATURE), { critical: true }),
  extension(EXTENSION.extendedKeyUsage, der.sequence(der.objectIdentifier(SERVER_AUTH))),
  extension(
    EXTENSION.subjectAlternativeName,
    der.sequence(der.context(2, Buffer.from('localhost')), der.context(7, Buffer.from([127, 0, 0, 1]))),
  ),
  extension(EXTENSION.subjectKeyIdentifier, der.octets(keyIdentifier(server))),
  extension(EXTENSION.authorityKeyIdentifier, der.sequence(der.context(0, keyIdentifier(authority)))),
];

function extension(id: string, value: Buffer, { critical = false } = {}): Buffer {
  const parts = [der.objectIdentifier(id), ...(critical ? [der.boolean(true)] : []), der.octets(value)];
  return der.sequence(...parts);
}

/** Any value that tells keys apart will do (RFC 5280, 4.2.1.2): the x coordinate is at hand. */
const keyIdentifier = ({ publicKey }: Party): Buffer =>
  Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url').subarray(0, 20);

function signCertificate(request: Request): string {
  const algorithm = der.sequence(der.objectIdentifier(ECDSA_WITH_SHA256));
  const body = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))),
    der.integer(randomBytes(16)),
    algorithm,
    distinguishedName(request.issuer.name),
    der.sequence(der.time(request.notBefore), der.time(request.notAfter)),
    distinguishedName(request.subject.name),
    request.subject.publicKey.export({ type: 'spki', format: 'der' }),
    der.explicit(3, der.sequence(...request.extensions)),
  );
  const signature = sign('sha256', body, request.issuer.privateKey);
  return toPem(der.sequence(body, algorithm, der.bitString(signature)));
}

const distinguishedName = (commonName: string): Buffer =>
  der.sequence(der.set(der.sequence(der.objectIdentifier(COMMON_NAME), der.utf8(commonName))));

function toPem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g)!;
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
