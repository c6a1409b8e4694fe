import {
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import * as der from './der.ts';

/** A certificate and its private key, as PEM. */
export interface KeyPair {
  certificate: string;
  key: string;
}

/** What a TLS server and its one client need. */
export interface TlsIdentity {
  /** The certificate that both are signed by, as PEM. */
  authority: string;
  server: KeyPair;
  client: KeyPair;
}

const YEARS_VALID = 10;
const P_256 = { namedCurve: 'P-256' };
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
/** Purposes of ExtendedKeyUsage. */
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
/** Bits of KeyUsage, counted from the left. */
const DIGITAL_SIGNATURE = 0;
const KEY_CERT_SIGN = 5;
const CRL_SIGN = 6;

/** Who a certificate is about, and with which key. */
interface Party {
  name: string;
  publicKey: KeyObject;
}

interface Authority extends Party {
  privateKey: KeyObject;
}

const LOOPBACK = '127.0.0.1';

/**
 * A new authority, a certificate for localhost and these IPv4 addresses that it signed, and one for the client (ECDSA
 * P-256, ten years). The authority's key is forgotten, so nothing else can ever be signed in its name.
 */
export function createTlsIdentity(now: number, addresses: readonly string[] = []): TlsIdentity {
  const authority = { name: 'dropfleet-standalone-ca', ...generateKeyPairSync('ec', P_256) };
  const certify = (subject: Party, extensions: Buffer[]): string =>
    signCertificate(subject, authority, now, extensions);
  const issue = (name: string, purpose: string, extensions: Buffer[]): KeyPair => {
    const party = { name, ...generateKeyPairSync('ec', P_256) };
    const certificate = certify(party, [...leafExtensions(party, authority, purpose), ...extensions]);
    return { certificate, key: party.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
  };
  return {
    authority: certify(authority, authorityExtensions(authority)),
    server: issue('dropfleet-standalone', SERVER_AUTH, [alternativeNames([LOOPBACK, ...addresses])]),
    client: issue('dropfleet-standalone-admin', CLIENT_AUTH, []),
  };
}

/** Whether the identity belongs together, names these addresses, and will hold for another month. */
export function isUsable(identity: TlsIdentity, now: number, addresses: readonly string[] = []): boolean {
  const month = 30 * 24 * 3_600_000;
  try {
    const issuer = new X509Certificate(identity.authority);
    const server = new X509Certificate(identity.server.certificate);
    return (
      [identity.server, identity.client].every(({ certificate, key }) => {
        const leaf = new X509Certificate(certificate);
        const isOurs = leaf.verify(issuer.publicKey) && leaf.publicKey.equals(createPublicKey(key));
        return isOurs && Date.parse(leaf.validTo) > now + month;
      }) && addresses.every(address => server.checkIP(address) !== undefined)
    );
  } catch {
    // Unreadable is as good as absent: the caller makes a new one.
    return false;
  }
}

/** From an hour ago, for clocks that differ. */
function validityFrom(now: number): Buffer {
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + YEARS_VALID);
  return der.sequence(der.time(new Date(now - 3_600_000)), der.time(notAfter));
}

const authorityExtensions = (authority: Party): Buffer[] => [
  critical(EXTENSION.basicConstraints, der.sequence(der.boolean(true))),
  critical(EXTENSION.keyUsage, der.bits(DIGITAL_SIGNATURE, KEY_CERT_SIGN, CRL_SIGN)),
  extension(EXTENSION.subjectKeyIdentifier, der.octets(keyIdentifier(authority))),
];

const leafExtensions = (subject: Party, authority: Party, purpose: string): Buffer[] => [
  critical(EXTENSION.basicConstraints, der.sequence()),
  critical(EXTENSION.keyUsage, der.bits(DIGITAL_SIGNATURE)),
  extension(EXTENSION.extendedKeyUsage, der.sequence(der.objectIdentifier(purpose))),
  extension(EXTENSION.subjectKeyIdentifier, der.octets(keyIdentifier(subject))),
  extension(EXTENSION.authorityKeyIdentifier, der.sequence(der.context(0, keyIdentifier(authority)))),
];

function alternativeNames(addresses: readonly string[]): Buffer {
  const ips = addresses.map(address => der.context(7, Buffer.from(address.split('.').map(Number))));
  const names = der.sequence(der.context(2, Buffer.from('localhost')), ...ips);
  return extension(EXTENSION.subjectAlternativeName, names);
}

const extension = (id: string, value: Buffer): Buffer =>
  der.sequence(der.objectIdentifier(id), der.octets(value));
const critical = (id: string, value: Buffer): Buffer =>
  der.sequence(der.objectIdentifier(id), der.boolean(true), der.octets(value));

/** Any value that tells keys apart will do (RFC 5280, 4.2.1.2): the x coordinate is at hand. */
const keyIdentifier = ({ publicKey }: Party): Buffer =>
  Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url').subarray(0, 20);

function signCertificate(subject: Party, issuer: Authority, now: number, extensions: Buffer[]): string {
  const algorithm = der.sequence(der.objectIdentifier(ECDSA_WITH_SHA256));
  const body = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))),
    der.integer(randomBytes(16)),
    algorithm,
    distinguishedName(issuer.name),
    validityFrom(now),
    distinguishedName(subject.name),
    subject.publicKey.export({ type: 'spki', format: 'der' }),
    der.explicit(3, der.sequence(...extensions)),
  );
  const signature = sign('sha256', body, issuer.privateKey);
  return toPem(der.sequence(body, algorithm, der.bitString(signature)));
}

const distinguishedName = (commonName: string): Buffer =>
  der.sequence(der.set(der.sequence(der.objectIdentifier(COMMON_NAME), der.utf8(commonName))));

function toPem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g)!;
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
