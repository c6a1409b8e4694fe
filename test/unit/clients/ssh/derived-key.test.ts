import { expect } from 'chai';
import ssh2 from 'ssh2';
import { deriveKeyPair } from '../../../../clients/ssh/derived-key.ts';

const pair = deriveKeyPair('secret', 'purpose');

describe('A derived key pair', () => {
  it('is one that OpenSSH reads, and its halves belong together', () => {
    const parsed = ssh2.utils.parseKey(pair.privateKey);
    if (parsed instanceof Error) throw parsed;
    expect(parsed.isPrivateKey()).to.equal(true);
    expect(`${parsed.type} ${parsed.getPublicSSH().toString('base64')}`).to.equal(pair.publicKey);
    const signature = parsed.sign('message');
    const publicHalf = ssh2.utils.parseKey(pair.publicKey);
    if (publicHalf instanceof Error) throw publicHalf;
    expect(publicHalf.verify('message', signature)).to.equal(true);
  });

  it('is the same for the same secret and purpose, and another for others', () => {
    expect(deriveKeyPair('secret', 'purpose')).to.deep.equal(pair);
    expect(deriveKeyPair('secret', 'another').publicKey).to.not.equal(pair.publicKey);
    expect(deriveKeyPair('another', 'purpose').publicKey).to.not.equal(pair.publicKey);
  });
});
