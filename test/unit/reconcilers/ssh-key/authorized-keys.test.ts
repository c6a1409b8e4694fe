import { expect } from 'chai';
import { letsIn, withKey, withoutKey } from '../../../../reconcilers/ssh-key/authorized-keys.ts';

const KEY = 'ssh-ed25519 AAAAC3Nza+/x= dropfleet';
const PERSON = 'from="10.0.0.0/8",command="echo hi" ssh-rsa AAAAB3Nza a person';

describe('authorized_keys', () => {
  it('lets a key in whatever its comment and options, but not as a comment or in part', () => {
    expect(letsIn(`${PERSON}\n${KEY}\n`, 'ssh-ed25519 AAAAC3Nza+/x=')).to.equal(true);
    expect(letsIn(`no-pty ssh-ed25519  AAAAC3Nza+/x= other\n`, KEY)).to.equal(true);
    expect(letsIn(`# ${KEY}\n`, KEY)).to.equal(false);
    expect(letsIn(`ssh-ed25519 AAAAC3Nza+/xy dropfleet\n`, KEY)).to.equal(false);
  });

  it('gets a key once, on a line of its own', () => {
    expect(withKey('', KEY)).to.equal(`${KEY}\n`);
    expect(withKey(PERSON, KEY)).to.equal(`${PERSON}\n${KEY}\n`);
    expect(withKey(`${KEY}\n`, `${KEY} again`)).to.equal(`${KEY}\n`);
  });

  it('loses a key and nothing else', () => {
    const text = `# mine\n${PERSON}\n\n`;
    expect(withoutKey(withKey(text, KEY), KEY)).to.equal(text);
  });
});
