import {
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
  type KeyPairKeyObjectResult,
} from 'node:crypto';

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

/** Who a certificate is about, or signed by. */
interface Party extends KeyPairKeyObjectResult {
  name: string;
}

const YEARS_VALID = 10;
const HOUR = 3_600_000;
const MONTH = 30 * 24 * HOUR;
const LOOPBACK = '127.0.0.1';

/**
 * A new authority, a certificate for localhost and these IPv4 addresses that it signed, and one for the client (ECDSA
 * P-256, ten years). The authority's key is forgotten, so nothing else can ever be signed in its name.
 */
export function createTlsIdentity(now: number, addresses: readonly string[] = []): TlsIdentity {
  const newParty = (name: string): Party => ({ name, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) });
  const authority = newParty('dropfleet-standalone-ca');
  const issue = (name: string, purpose: string, ...extensions: Der[]): KeyPair => {
    const party = newParty(name);
    const certificate = certify(party, authority, now, [
      critical(OID.basicConstraints, sequence()),
      critical(OID.keyUsage, SIGNS_DATA),
      extension(OID.extendedKeyUsage, sequence(purpose)),
      extension(OID.authorityKeyIdentifier, sequence(element(0x80, keyIdentifier(authority)))),
      ...extensions,
    ]);
    return { certificate, key: party.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
  };
  const names = [
    element(0x82, Buffer.from('localhost')),
    ...[LOOPBACK, ...addresses].map(ip => element(0x87, Buffer.from(ip.split('.').map(Number)))),
  ];
  return {
    authority: certify(authority, authority, now, [
      critical(OID.basicConstraints, sequence(TRUE)),
      critical(OID.keyUsage, SIGNS_CERTIFICATES),
    ]),
    server: issue(
      'dropfleet-standalone',
      OID.serverAuth,
      extension(OID.subjectAlternativeName, sequence(...names)),
    ),
    client: issue('dropfleet-standalone-admin', OID.clientAuth),
  };
}

/** Whether the identity belongs together, names these addresses, and will hold for another month. */
export function isUsable(identity: TlsIdentity, now: number, addresses: readonly string[] = []): boolean {
  try {
    const issuer = new X509Certificate(identity.authority);
    const server = new X509Certificate(identity.server.certificate);
    return (
      [identity.server, identity.client].every(({ certificate, key }) => {
        const leaf = new X509Certificate(certificate);
        const isOurs = leaf.verify(issuer.publicKey) && leaf.publicKey.equals(createPublicKey(key));
        return isOurs && Date.parse(leaf.validTo) > now + MONTH;
      }) && addresses.every(address => server.checkIP(address) !== undefined)
    );
  } catch {
    // Unreadable is as good as absent: the caller makes a new one.
    return false;
  }
}

// A certificate (RFC 5280) is written in DER (ITU-T X.690). What is always the same in it stands here in hexadecimal.
// Of our own, as all that it does is write this one form: a library for it is 5 to 24 packages, which would be loaded
// whenever what is stored is shown.

type Der = Buffer | string;

/** An element of that tag. */
function element(tag: number, ...contents: Der[]): Buffer {
  const content = Buffer.concat(
    contents.map(part => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)),
  );
  const { length } = content;
  const long = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...(length < 0x80 ? [length] : long)]), content]);
}

const sequence = (...items: Der[]): Buffer => element(0x30, ...items);
const octets = (value: Der): Buffer => element(0x04, value);

/** Object identifiers. */
const OID = {
  ecdsaWithSha256: '06082a8648ce3d040302',
  commonName: '0603550403',
  subjectKeyIdentifier: '0603551d0e',
  keyUsage: '0603551d0f',
  subjectAlternativeName: '0603551d11',
  basicConstraints: '0603551d13',
  authorityKeyIdentifier: '0603551d23',
  extendedKeyUsage: '0603551d25',
  serverAuth: '06082b06010505070301',
  clientAuth: '06082b06010505070302',
};
const TRUE = '0101ff';
const VERSION_3 = 'a003020102';
/** Bits of KeyUsage: digitalSignature alone, and with keyCertSign and cRLSign. */
const SIGNS_DATA = '03020780';
const SIGNS_CERTIFICATES = '03020186';

const extension = (id: string, value: Der): Buffer => sequence(id, octets(value));
const critical = (id: string, value: Der): Buffer => sequence(id, TRUE, octets(value));

/** Any value that tells keys apart will do (RFC 5280, 4.2.1.2): the x coordinate is at hand. */
const keyIdentifier = ({ publicKey }: Party): Buffer =>
  Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url').subarray(0, 20);

function certify(subject: Party, issuer: Party, now: number, extensions: Der[]): string {
  const end = new Date(now);
  end.setUTCFullYear(end.getUTCFullYear() + YEARS_VALID);
  const algorithm = sequence(OID.ecdsaWithSha256);
  const body = sequence(
    VERSION_3,
    // The serial number: positive, whatever is drawn.
    element(0x02, '01', randomBytes(15)),
    algorithm,
    distinguishedName(issuer),
    // From an hour ago, for clocks that differ.
    sequence(time(new Date(now - HOUR)), time(end)),
    distinguishedName(subject),
    subject.publicKey.export({ type: 'spki', format: 'der' }),
    element(
      0xa3,
      sequence(...extensions, extension(OID.subjectKeyIdentifier, octets(keyIdentifier(subject)))),
    ),
  );
  const certificate = sequence(body, algorithm, element(0x03, '00', sign('sha256', body, issuer.privateKey)));
  const lines = certificate.toString('base64').match(/.{1,64}/g)!;
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

const distinguishedName = ({ name }: Party): Buffer =>
  sequence(element(0x31, sequence(OID.commonName, element(0x0c, Buffer.from(name)))));

/** UTCTime until 2049, GeneralizedTime from 2050, as RFC 5280 demands. */
function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050
    ? element(0x17, Buffer.from(digits.slice(2)))
    : element(0x18, Buffer.from(digits));
}
