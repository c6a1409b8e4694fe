import { expect } from 'chai';
import { array, assert, asyncProperty, constantFrom, oneof, string, tuple } from 'fast-check';
import { applyChanges, changesBetween } from '../../../../../sandbox/hosts/emulated/files/changes.ts';
import type { DirectoryInode } from '../../../../../sandbox/hosts/emulated/files/inode.ts';
import { lineOf, readLines } from '../../../../../sandbox/hosts/emulated/storage/record.ts';
import { propertyOptions } from '../../../../fakes/property-options.ts';
import { aMachine, runOn } from './machine.ts';

describe('The files of an emulated host', () => {
  const script = async (text: string, user?: string): Promise<string> => {
    const machine = aMachine();
    await runOn(
      machine,
      'echo someone:x:1000:1000::/home/someone:/bin/sh >>/etc/passwd; echo someone:x:1000: >>/etc/group; install -d -o someone -g someone /home/someone',
    );
    const { stdout, stderr } = await runOn(machine, text, user === undefined ? {} : { user });
    return stdout + stderr;
  };

  for (const [what, text, expected] of [
    ["write into root's folders", 'echo x >/etc/file', 'cannot create /etc/file: Permission denied'],
    ["read what is root's alone", 'cat /etc/sudoers', 'Permission denied'],
    ["look into root's home", 'ls /root', 'Permission denied'],
    ['remove what is not theirs from /tmp', 'sudo -n true; rm /tmp/../etc/fstab', 'Permission denied'],
    ['give files away', 'touch mine; chown root mine', 'Operation not permitted'],
    ["change the mode of others' files", 'chmod 777 /etc/fstab', 'Operation not permitted'],
    ['become root', 'sudo -n id', 'a password is required'],
    ['stop services', 'systemctl stop cron', 'authentication required'],
    ['install packages', 'apt-get install -y nginx', 'Permission denied'],
  ] as const)
    it(`let no ordinary user ${what}`, async () => {
      expect(await script(text, 'someone')).to.contain(expected);
    });

  it("are an ordinary user's own in their home", async () => {
    expect(
      await script('cd; umask 077; echo x >a; mkdir b; stat -c "%a %U:%G" a b; cat a', 'someone'),
    ).to.equal('600 someone:someone\n700 someone:someone\nx\n');
  });

  it('follow symbolic links, and not for ever', async () => {
    expect(
      await script(
        'cd /opt; mkdir -p a/b; ln -s a l; ln -s ../../etc/hostname a/b/h; ln -s x x; echo n >l/b/f; readlink -f l/b/../b/f; cat x; ls a/b',
      ),
    ).to.match(/^\/opt\/a\/b\/f\n.*f\nh\n|Too many levels/s);
  });

  it('are replaced in one step by a rename', async () => {
    expect(
      await script(
        'cd /opt; mkdir v1 v2; ln -s v1 current; ln -sfn v2 new; mv -T new current; readlink current; ls',
      ),
    ).to.equal('v2\ncurrent\nv1\nv2\n');
  });

  const name = constantFrom('a', 'b', 'c');
  const path = array(name, { minLength: 1, maxLength: 3 }).map(parts => `/opt/${parts.join('/')}`);
  const step = oneof(
    path.map(p => `mkdir -p ${p}`),
    tuple(path, string({ maxLength: 5 })).map(([p, text]) => `echo '${text.replaceAll("'", '')}' >${p}`),
    path.map(p => `rm -rf ${p}`),
    tuple(path, path).map(([a, b]) => `mv ${a} ${b}`),
    tuple(path, path).map(([a, b]) => `ln -sfn ${a} ${b}`),
    path.map(p => `chmod 700 ${p}`),
  );

  it('are, after any changes, what the changes written down make of them', async () => {
    await assert(
      asyncProperty(array(step, { maxLength: 20 }), array(step, { maxLength: 20 }), async (first, second) => {
        const machine = aMachine();
        const base = machine.disk.root();
        await runOn(machine, first.join('\n'));
        const middle = machine.disk.root();
        await runOn(machine, second.join('\n'));
        const end = machine.disk.root();
        const lines = [
          lineOf({ root: base, facts: 1 }, { root: middle, facts: 2 }),
          lineOf({ root: middle, facts: 2 }, { root: end, facts: 3 }),
        ];
        const text = (root: DirectoryInode) =>
          changesBetween(base, root)
            .map(([path, inode]) => `${path} ${JSON.stringify(inode)}`)
            .sort();
        expect(text(readLines<number>(base, lines.join(''))!.root)).to.deep.equal(text(end));
        expect(text(applyChanges(middle, changesBetween(middle, end)))).to.deep.equal(text(end));
      }),
      propertyOptions(50),
    );
  });
});

describe('A device of an emulated host', () => {
  it('is empty when it is null, and refuses to be read when it has no end', async () => {
    const machine = aMachine();
    expect(await runOn(machine, 'cat /dev/null; head -c 3 /dev/null | wc -c')).to.include({
      code: 0,
      stdout: '0\n',
    });
    const { code, stderr } = await runOn(machine, 'head -c 3 /dev/zero');
    expect(code).not.to.equal(0);
    expect(stderr).to.include('Operation not supported');
  });
});
