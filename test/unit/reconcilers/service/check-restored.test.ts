import { expect } from 'chai';
import { duplexPair } from 'node:stream';
import { quoteCommand } from '../../../../clients/ssh/quote.ts';
import { checkRestored, type RestoredCheck } from '../../../../reconcilers/service/commands.ts';
import { containerListener } from '../../../../sandbox/hosts/emulated/containers/app.ts';
import { engineMachine } from '../../sandbox/hosts/emulated/containers/machine.ts';
import { runOn } from '../../sandbox/hosts/emulated/machine.ts';

/** The private address of the server that the snapshot was taken of. */
const FORMER = '10.9.9.9';

for (const kind of ['docker', 'podman'] as const)
  describe(`A container of ${kind} on a server that was made from a snapshot`, () => {
    async function start(options = '', command = '') {
      const { machine, clock, ask } = await engineMachine(kind);
      await runOn(machine, 'apt-get install -y curl');
      machine.system = { ...machine.system, loopback: [FORMER] };
      await ask(`run -d --name site ${options} app ${command}`);
      await ask('stop site');
      machine.system = { ...machine.system, loopback: [] };
      machine.connect = (address, port) => {
        const [near, far] = duplexPair();
        const isOwn = machine.system.loopback?.includes(address) === true;
        const listener = isOwn ? containerListener(machine, address, port) : undefined;
        if (listener === undefined) return Promise.reject(new Error('refused'));
        listener(far);
        return Promise.resolve(near);
      };
      return {
        machine,
        ask,
        check: async (parts: Partial<RestoredCheck> = {}) => {
          const check = {
            container: 'site',
            scheme: '',
            path: '',
            withinSeconds: 5,
            timeoutSeconds: 1,
          } as const;
          const done = { is: false };
          const result = runOn(machine, quoteCommand(checkRestored(kind, { ...check, ...parts }))).finally(
            () => void (done.is = true),
          );
          while (!done.is) await clock.advance(500);
          return await result;
        },
      };
    }
    const published = `--publish ${FORMER}:8123:80`;
    const health = { scheme: 'http://', port: 8123, path: '/health' } as const;

    it('answers at the address that its server had, which loopback gets', async () => {
      const { machine, check } = await start(published);
      const result = await check(health);
      expect(result).to.deep.equal({ code: 0, stdout: '', stderr: '' });
      expect(machine.system.loopback).to.deep.equal([FORMER]);
      expect(await check({ port: 8123 })).to.include({ code: 0 });
    });

    it('is left alone where it runs', async () => {
      const { ask, check } = await start(published);
      await check(health);
      const began = await ask("inspect --format '{{.State.StartedAt}}' site");
      await check(health);
      expect(await ask("inspect --format '{{.State.StartedAt}}' site")).to.equal(began);
    });

    it('has a reason when it does not answer, in which nothing is that it wrote itself', async () => {
      const { check } = await start(published);
      const { code, stdout } = await check({ ...health, port: 8124 });
      expect(code).to.equal(11);
      expect(stdout).to.match(/^curl: \(7\)/);
    });

    it('that takes no connections must go on', async () => {
      expect(await (await start()).check()).to.include({ code: 0 });
      const ending = await (await start('', "sh -c 'sleep 1; exit 3'")).check();
      expect(ending).to.deep.equal({ code: 10, stdout: 'exited (3)\n', stderr: '' });
    });
  });
