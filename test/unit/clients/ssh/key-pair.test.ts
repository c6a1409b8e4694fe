import { expect } from 'chai';
import { fingerprintOfLine } from '../../../../clients/ssh/fingerprint.ts';
import { generateKeyPair, publicKeyOf } from '../../../../clients/ssh/key-pair.ts';

describe("A private key's file", () => {
  it('tells its public half', async () => {
    const { privateKey, publicKey } = await generateKeyPair('somebody');
    expect(`${publicKeyOf(privateKey)} somebody`).to.equal(publicKey);
  });

  it('holds 32 bytes of it, however many of them are zero', async () => {
    // One in 256 begins with a zero: not one of so many would be a miracle.
    for (let pair = 0; pair < 2_000; pair++) {
      const { publicKey } = await generateKeyPair('somebody');
      const key = Buffer.from(publicKey.split(' ')[1]!, 'base64');
      expect(key).to.have.length('....ssh-ed25519....'.length + 32);
    }
  });

  it('is refused in another format', () => {
    const pkcs8 = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n-----END PRIVATE KEY-----\n';
    for (const text of [pkcs8, '', 'no key at all'])
      expect(() => publicKeyOf(text)).to.throw(TypeError, "no private key in OpenSSH's format");
  });
});

describe('A fingerprint', () => {
  it("is what ssh-keygen -l prints: GitHub's, as it publishes it", () => {
    const github = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
    expect(fingerprintOfLine(github)).to.equal('SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU');
  });
});
