// The part of DER (ITU-T X.690) that an X.509 certificate is written in.

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  context: 0x80,
  explicit: 0xa0,
};

function element(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), length(content.length), content]);
}

function length(bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.from([bytes]);
  if (bytes < 0x100) return Buffer.from([0x81, bytes]);
  return Buffer.from([0x82, bytes >> 8, bytes & 0xff]);
}

export const sequence = (...items: Buffer[]): Buffer => element(TAG.sequence, ...items);
export const set = (...items: Buffer[]): Buffer => element(TAG.set, ...items);
export const boolean = (value: boolean): Buffer => element(TAG.boolean, Buffer.from([value ? 0xff : 0]));
export const octets = (value: Buffer): Buffer => element(TAG.octetString, value);
export const utf8 = (text: string): Buffer => element(TAG.utf8String, Buffer.from(text));
/** A BIT STRING of whole bytes. */
export const bitString = (value: Buffer): Buffer => element(TAG.bitString, Buffer.from([0]), value);
/** An element of the given number whose type the context says. */
export const context = (number: number, value: Buffer): Buffer => element(TAG.context | number, value);
/** An element that wraps another under the given number. */
export const explicit = (number: number, value: Buffer): Buffer => element(TAG.explicit | number, value);

/** A non-negative INTEGER from its big-endian bytes: as short as can be, with no sign bit. */
export function integer(bytes: Buffer): Buffer {
  const first = bytes.findIndex(byte => byte !== 0);
  const significant = first < 0 ? Buffer.from([0]) : bytes.subarray(first);
  const sign = significant[0]! >= 0x80 ? [Buffer.from([0])] : [];
  return element(TAG.integer, ...sign, significant);
}

/** A named-bit list of at most eight bits; bit 0 is the leftmost. Trailing zeros are left out. */
export function bits(...set: number[]): Buffer {
  const byte = set.reduce((sum, bit) => sum | (0x80 >> bit), 0);
  return element(TAG.bitString, Buffer.from([7 - Math.max(...set), byte]));
}

/** `1.2.840...`: the first two numbers share a byte, the others take seven bits a byte. */
export function objectIdentifier(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  return element(TAG.objectIdentifier, Buffer.from([first! * 40 + second!, ...rest.flatMap(base128)]));
}

function base128(number: number): number[] {
  const bytes = [number & 0x7f];
  for (let rest = number >> 7; rest > 0; rest >>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
}

/** A Time: UTCTime until 2049, GeneralizedTime from 2050, as RFC 5280 demands. */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050
    ? element(TAG.utcTime, Buffer.from(digits.slice(2)))
    : element(TAG.generalizedTime, Buffer.from(digits));
}
