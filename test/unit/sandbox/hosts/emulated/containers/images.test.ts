import { expect } from 'chai';
import { engineMachine } from './machine.ts';

for (const kind of ['docker', 'podman'] as const)
  describe(`Images of an emulated ${kind}`, () => {
    it('have one id for the same files, and another for others', async () => {
      const { ask, machine } = await engineMachine(kind);
      machine.files.makeDirectory('/a');
      machine.files.write('/a/Dockerfile', Buffer.from('FROM debian\nCOPY . /app\n'));
      machine.files.write('/a/x', Buffer.from('1'));
      const first = await ask('build -q -t one /a');
      expect(await ask('build -q -t two /a')).to.equal(first);
      machine.files.write('/a/x', Buffer.from('2'));
      expect(await ask('build -q -t two /a')).not.to.equal(first);
      expect(first.startsWith('sha256:')).to.equal(kind === 'docker');
    });

    it('have what their Containerfile says', async () => {
      const { ask } = await engineMachine(kind);
      const file =
        'FROM debian\nARG V=1\nENV A=$V B="x y"\nLABEL a=b\nEXPOSE 80\nUSER app\nWORKDIR /srv\nCMD ["run", "it"]\n';
      await ask('build -q -t one --label c=d --build-arg V=7 -', file);
      const format =
        '{{json .Config.Env}} {{json .Config.Labels}} {{json .Config.Cmd}} {{.Config.User}} {{.Config.WorkingDir}}';
      expect((await ask(`image inspect --format '${format}' one`)).replace(/^\["PATH=[^"]*",/, '[')).to.equal(
        '["A=7","B=x y"] {"a":"b","c":"d"} ["run","it"] app /srv',
      );
    });

    const refusals: readonly (readonly [what: string, file: string, docker: string, podman: string])[] = [
      ['an instruction that there is not', 'FROM debian\nFOO x\n', 'unknown instruction: FOO', 'Unknown instruction: "FOO"'],
      ['a source that is not there', 'FROM debian\nCOPY nope /x\n', 'COPY failed: file not found in build context or excluded by .dockerignore: stat nope: file does not exist', 'checking on sources under "/context": copier: stat: "/nope": no such file or directory'],
      ['a step that fails', 'FROM debian\nRUN exit 3\n', "The command '/bin/sh -c exit 3' returned a non-zero code: 3", 'building at STEP "RUN exit 3": while running runtime: exit status 3'],
      ['a base that is not published', 'FROM debian:missing\n', 'manifest for debian:missing not found: manifest unknown: manifest unknown', 'reading manifest missing in docker.io/library/debian: manifest unknown'],
    ]; // prettier-ignore
    for (const [what, file, ...words] of refusals)
      it(`are not built with ${what}`, async () => {
        const { run } = await engineMachine(kind);
        const { code, stderr } = await run('build -t one -', file);
        expect(code).not.to.equal(0);
        expect(stderr.includes(words[kind === 'docker' ? 0 : 1]), stderr).to.equal(true);
      });

    it('are built from a folder, whose file must be there', async () => {
      const { run, machine } = await engineMachine(kind);
      machine.files.makeDirectory('/a');
      const { code, stderr } = await run('build -t one /a');
      expect(code).not.to.equal(0);
      expect(stderr).to.match(
        kind === 'docker'
          ? /lstat \/a\/Dockerfile: no such file/
          : /no Containerfile or Dockerfile specified/,
      );
    });

    it('take room on the disk, and are refused when there is none', async () => {
      const { ask, run, machine } = await engineMachine(kind);
      const used = machine.system.engines![kind]!.images.reduce((sum, { size }) => sum + size, 0);
      expect(used > 0).to.equal(true);
      machine.disk.isFull = true;
      const { code, stderr } = await run('pull postgres:17');
      expect(code).not.to.equal(0);
      expect(stderr).to.match(/no space left on device/);
      machine.disk.isFull = false;
      await ask('pull postgres:17');
    });

    it('stay while a container uses them', async () => {
      const { ask, run } = await engineMachine(kind);
      await ask('run -d --name c app');
      expect((await run('rmi app')).code).not.to.equal(0);
      await ask('rm -f c');
      await ask('rmi app');
      expect((await run('image inspect app')).code).not.to.equal(0);
    });

    it('are pruned by label, and only those that nothing uses', async () => {
      const { ask } = await engineMachine(kind);
      await ask('build -q -t one --label keep=no -', 'FROM debian\nENV A=1\n');
      await ask('build -q -t two --label keep=no -', 'FROM debian\nENV A=2\n');
      await ask('run -d --name c two');
      await ask('image prune -af --filter label=keep=no');
      const names = await ask(`images --format '{{.Repository}}'`);
      expect(new Set(names.split('\n').map(name => name.split('/').at(-1)))).to.deep.equal(
        new Set(['app', 'debian', 'two']),
      );
    });

    it('of dropfleet are published nowhere', async () => {
      const { run } = await engineMachine(kind);
      expect((await run('pull dropfleet/shop:x')).stderr).to.match(
        /requested access to the resource is denied/,
      );
    });
  });
