/**
 * The types of the packets that a client sent before anything was encrypted (RFC 4253, sections 4.2 and 6): a
 * line with its version, then packets of a length, a padding's length, and a payload that begins with its type.
 */
export function packetTypes(sent: Buffer): number[] {
  const types: number[] = [];
  let at = sent.indexOf('\n') + 1;
  while (at < sent.length) {
    types.push(sent[at + 5]!);
    at += 4 + sent.readUInt32BE(at);
  }
  return types;
}
