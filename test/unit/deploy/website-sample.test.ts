import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { readDeploymentConfig } from '../../../config/deployment-config.ts';

const ROOT = join(import.meta.dirname, '../../..');
const SAMPLE = join(ROOT, 'deploy/samples/website');

/** Runs one of its programs as its container does. */
function run(program: string, env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [program], {
    cwd: SAMPLE,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    stop: () => child.kill('SIGTERM'),
    line: async () => (await lines.next()).value as string,
    exit: once(child, 'exit').then(([code]) => code as number),
  };
}

describe('The sample website', () => {
  for (const file of [
    'config/deployment_config.json',
    'config/templates/deployment_config.json',
    'deploy/samples/website/deployment_config.json',
  ])
    it(`is what ${file} says`, async () => {
      const { config, problems } = await readDeploymentConfig(join(ROOT, file));
      expect(problems).to.deep.equal([]);
      const built = config!.services.filter(({ image }) => image === undefined);
      expect(built.map(({ project, service, type }) => [project, service, type])).to.deep.equal([
        ['hostomatic', 'website', 'web'],
        ['hostomatic', 'mailer', 'worker'],
      ]);
      for (const { build, command, releaseCommand } of built) {
        await access(join(SAMPLE, build!.containerfile!));
        for (const words of [command, releaseCommand]) if (words) await access(join(SAMPLE, words[1]!));
      }
    });

  it('needs no secret by the configuration that comes with dropfleet', async () => {
    for (const file of ['config/deployment_config.json', 'config/templates/deployment_config.json']) {
      const { config } = await readDeploymentConfig(join(ROOT, file));
      expect(config!.services.flatMap(({ secrets = [] }) => secrets)).to.deep.equal([]);
    }
  });

  it('copies every program into its image', async () => {
    expect(await readFile(join(SAMPLE, 'Dockerfile'), 'utf8')).to.contain('COPY package.json *.js ./');
  });

  it('answers with the version that it is told, and ends well when it is stopped', async () => {
    const web = run('server.js', { PORT: '0', DROPFLEET_VERSION: 'v1.2.0', DROPFLEET_ENVIRONMENT: 'uat' });
    const port = /^website v1\.2\.0 listens on port (\d+)$/.exec(await web.line())![1]!;
    const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
    expect(await (await get('/')).text()).to.match(/^website v1\.2\.0 in uat, from /);
    expect(await (await get('/health')).json()).to.deep.equal({ status: 'ok', version: 'v1.2.0' });
    const missing = await get('/constructor');
    expect(missing.status).to.equal(404);
    await missing.text();
    web.stop();
    expect(await web.exit).to.equal(0);
  });

  it('has a worker that goes on until it is stopped', async () => {
    const worker = run('worker.js', { DROPFLEET_VERSION: 'v1.2.0', INTERVAL_SECONDS: '3600' });
    expect(await worker.line()).to.equal('worker v1.2.0 begins');
    await worker.line();
    worker.stop();
    expect(await worker.line()).to.equal('worker ends');
    expect(await worker.exit).to.equal(0);
  });

  it('migrates nothing without a database, and waits for one', async () => {
    const alone = run('migrate.js');
    expect([await alone.line(), await alone.exit]).to.deep.equal(['no database: nothing to migrate', 0]);
    const database = createServer(socket => void socket.end());
    await once(database.listen(0, '127.0.0.1'), 'listening');
    const { port } = database.address() as AddressInfo;
    const place = { DATABASE_HOST: '127.0.0.1', DATABASE_PORT: String(port) };
    expect(await run('migrate.js', place).exit).to.equal(0);
    database.close();
    await once(database, 'close');
  });
});
