import { expect } from 'chai';
import { engineMachine } from './machine.ts';

const STATE = `inspect --format '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}' c`;

for (const kind of ['docker', 'podman'] as const)
  describe(`A container of an emulated ${kind}`, () => {
    it('runs until it is stopped', async () => {
      const { ask, clock } = await engineMachine(kind);
      await ask('run -d --name c app');
      await clock.advance(3_600_000);
      expect(await ask(STATE)).to.equal('running 0 0');
      expect(await ask('stop -t 5 c')).to.equal('c');
      expect(await ask(STATE)).to.equal('exited 143 0');
      await ask('start c');
      expect(await ask(STATE)).to.equal('running 0 0');
    });

    it('is one that ends by itself when it is a task', async () => {
      const { ask, clock } = await engineMachine(kind);
      await ask('run -d --name c --label dropfleet.kind=task app migrate');
      expect(await ask(STATE)).to.equal('running 0 0');
      await clock.advance(1000);
      expect(await ask(STATE)).to.equal('exited 0 0');
      expect(await ask('wait c')).to.equal('0');
    });

    it('goes on with a command of its own when it is a service', async () => {
      const { ask, clock } = await engineMachine(kind);
      await ask('run -d --name c --label dropfleet.kind=service app worker');
      await clock.advance(60_000);
      expect(await ask(STATE)).to.equal('running 0 0');
    });

    it('fails as a task where that is rehearsed', async () => {
      const { ask, clock } = await engineMachine(kind);
      await ask('run -d --name c -e DROPFLEET_REHEARSE=fails --label dropfleet.kind=task app migrate');
      await clock.advance(1000);
      expect(await ask(STATE)).to.equal('exited 1 0');
    });

    it('stands still while it is paused, and is not taken for one that ended', async () => {
      const { ask, clock } = await engineMachine(kind);
      await ask('run -d --name c -e DROPFLEET_REHEARSE=exits-after=20s app');
      await ask('pause c');
      await clock.advance(60_000);
      expect(await ask(STATE)).to.equal('paused 0 0');
      expect(await ask('ps --format {{.Names}}')).to.equal('c');
      expect(await ask('pause c 2>&1 || true')).to.match(/already paused|can't pause/);
      expect(await ask('start c 2>&1 || true')).to.match(/cannot start a paused|state improper/);
      await ask('unpause c');
      expect(await ask(STATE)).to.equal('exited 1 0');
      expect(await ask('unpause c 2>&1 || true')).to.match(/is not paused/);
    });

    it('exits at once, or later, where that is rehearsed', async () => {
      const { ask, clock } = await engineMachine(kind);
      await ask('run -d --name c -e DROPFLEET_REHEARSE=exits app');
      expect(await ask(STATE)).to.equal('exited 1 0');
      await ask('rm c');
      await ask('run -d --name c -e DROPFLEET_REHEARSE=exits-after=20s app');
      await clock.advance(19_999);
      expect(await ask(STATE)).to.equal('running 0 0');
      await clock.advance(1);
      expect(await ask(STATE)).to.equal('exited 1 0');
    });

    it('is started again as its restart policy says, ever more slowly', async () => {
      const { ask, clock } = await engineMachine(kind);
      await ask('run -d --name c --restart always -e DROPFLEET_REHEARSE=exits app');
      expect(await ask(STATE)).to.equal('restarting 1 0');
      await clock.advance(100);
      expect(await ask(STATE)).to.equal('restarting 1 1');
      await clock.advance(199);
      expect(await ask(STATE)).to.equal('restarting 1 1');
      await clock.advance(1);
      expect(await ask(STATE)).to.equal('restarting 1 2');
    });

    it('is not started more often than on-failure allows', async () => {
      const { ask, clock } = await engineMachine(kind);
      await ask('run -d --name c --restart on-failure:2 -e DROPFLEET_REHEARSE=exits app');
      await clock.advance(60_000);
      expect(await ask(STATE)).to.equal('exited 1 2');
    });

    it('gives the exit code of the script that it ran', async () => {
      const { run } = await engineMachine(kind);
      expect((await run(`run --rm app sh -c 'exit 4'`)).code).to.equal(4);
      expect((await run('ps -aq')).stdout).to.equal('');
    });

    it('keeps its log, with a line for each start', async () => {
      const { ask } = await engineMachine(kind);
      await ask('run -d --name c -e DROPFLEET_SERVICE=web -e DROPFLEET_VERSION=v1 app');
      await ask('restart c');
      expect(await ask('logs --tail 5 c')).to.equal(
        'started web v1 (an emulated container: no code is run)\n'.repeat(2).trimEnd(),
      );
    });

    it('has the environment of its image, its file and its arguments, the last winning', async () => {
      const { ask, machine } = await engineMachine(kind);
      machine.files.write('/run/env', Buffer.from('# no line\nA=1\nB="2 3"\n'));
      await ask('run -d --name c --env-file /run/env -e A=4 app');
      const env = (await ask('exec c env')).split('\n');
      expect(env.slice(1)).to.deep.equal(['A=4', 'B="2 3"']);
      expect(await ask('exec c printenv B')).to.equal('"2 3"');
    });
  });

describe('What emulated docker and podman print differently', () => {
  it('is the name, the id of the image and times, as with the real ones', async () => {
    const format = `'{{.Name}} {{.State.StartedAt}} {{json .State.StartedAt}}'`;
    for (const [kind, expected] of [
      ['docker', '/c 2026-01-01T00:00:00.000000000Z "2026-01-01T00:00:00.000000000Z"'],
      ['podman', 'c 2026-01-01 00:00:00.000000000 +0000 UTC "2026-01-01T00:00:00.000000000Z"'],
    ] as const) {
      const { ask } = await engineMachine(kind);
      await ask('run -d --name c app');
      expect(await ask(`inspect --format ${format} c`)).to.equal(expected);
      const image = await ask(`inspect --format '{{.Image}}' c`);
      expect(image.startsWith('sha256:')).to.equal(kind === 'docker');
    }
  });
});
