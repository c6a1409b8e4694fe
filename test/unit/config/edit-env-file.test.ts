import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { editVariable, setVariable } from '../../../config/edit-env-file.ts';

const NEW = '198.51.100.8';
const set = (text: string): string => setVariable(text, 'ADMIN_IP', NEW);

describe('Setting a variable in a .env file', () => {
  it('changes its value and nothing else', () => {
    for (const [before, after] of [
      ['ADMIN_IP=203.0.113.7\n', `ADMIN_IP=${NEW}\n`],
      ['# me\nA=1\nADMIN_IP = 203.0.113.7 # home\nB=2', `# me\nA=1\nADMIN_IP = ${NEW} # home\nB=2`],
      ['export ADMIN_IP="203.0.113.7"\r\nB=2\r\n', `export ADMIN_IP="${NEW}"\r\nB=2\r\n`],
      ["ADMIN_IP='203.0.113.7'", `ADMIN_IP='${NEW}'`],
      ['ADMIN_IP=\nB=2\n', `ADMIN_IP=${NEW}\nB=2\n`],
      ['\uFEFFADMIN_IP=1.1.1.1\n', `\uFEFFADMIN_IP=${NEW}\n`],
    ] as const)
      expect(set(before)).to.equal(after);
  });

  it('changes the last of several, which is the one that counts', () => {
    expect(set('ADMIN_IP=1.1.1.1\nADMIN_IP=2.2.2.2\n')).to.equal(`ADMIN_IP=1.1.1.1\nADMIN_IP=${NEW}\n`);
  });

  it('leaves variables of similar names alone', () => {
    const others = 'MY_ADMIN_IP=1.1.1.1\nADMIN_IPS=2.2.2.2\n';
    expect(set(others)).to.equal(`${others}ADMIN_IP=${NEW}\n`);
  });

  it('puts a new one below its example, or at the end', () => {
    expect(set('#ADMIN_IP=203.0.113.7\n#B=1\n')).to.equal(`#ADMIN_IP=203.0.113.7\nADMIN_IP=${NEW}\n#B=1\n`);
    expect(set('#ADMIN_IP=203.0.113.7')).to.equal(`#ADMIN_IP=203.0.113.7\nADMIN_IP=${NEW}\n`);
    expect(set('A=1\r\nB=2')).to.equal(`A=1\r\nB=2\r\nADMIN_IP=${NEW}\r\n`);
    expect(set('')).to.equal(`ADMIN_IP=${NEW}\n`);
  });

  it('is left to a person where it would not hold', () => {
    expect(() => set('A="\nADMIN_IP=1.1.1.1\n"\n')).to.throw(/only a person can edit: set it to 198/);
  });

  it('makes a file for its owner alone, and keeps the mode of one that is there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dropfleet-env-'));
    try {
      const path = join(folder, '.env');
      await editVariable(path, 'ADMIN_IP', NEW);
      expect((await stat(path)).mode & 0o777).to.equal(0o600);
      await writeFile(join(folder, 'open'), 'ADMIN_IP=1.1.1.1\n', { mode: 0o640 });
      await editVariable(join(folder, 'open'), 'ADMIN_IP', NEW);
      expect((await stat(join(folder, 'open'))).mode & 0o777).to.equal(0o640);
      expect(await readFile(path, 'utf8')).to.equal(`ADMIN_IP=${NEW}\n`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
