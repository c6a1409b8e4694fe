import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import {
  openWorkplace,
  startDropfleet,
  type RunningCommand,
  type Workplace,
} from '../../environment/dropfleet.ts';

const FAST = ['--boot-delay', '200ms'];

describe('Operators that are started beside each other on one API', () => {
  let place: Workplace;
  let commands: RunningCommand[];
  beforeEach(async () => {
    place = await openWorkplace(['shop,1,,']);
    commands = [];
  });
  afterEach(async () => {
    for (const command of commands) await command.stop('SIGKILL');
    await place.remove();
  });

  function start(env: Record<string, string>, ...args: string[]): RunningCommand {
    const command = startDropfleet({ ...place, env }, ...args);
    commands.push(command);
    return command;
  }
  const atCloud = (url: string) => ({ DO_TOKEN: 'any', DIGITALOCEAN_API_URL: url });
  const kubeconfig = (): string => place.path('.dropfleet', 'sandbox', 'kubernetes', 'kubeconfig');

  it('"operator" waits beside "up", and says who leads; an "up" after one that was killed does not wait', async () => {
    const up = start({}, 'up', ...FAST);
    const [, cloud] = await up.says(/^Cloud +(\S+)/m);
    await up.says(/^1 of 1 droplets Ready/m);
    const operator = start(atCloud(cloud!), '--kubeconfig', kubeconfig(), 'operator');
    const [, holder] = await operator.says(/waiting: operator (\S+) leads from namespace default/);
    expect(holder).to.match(new RegExp(`^embedded_.+_${up.pid}_[0-9a-f]+$`));
    expect((await operator.stop()).code).to.equal(0);

    await up.stop('SIGKILL');
    const next = start({}, 'up', ...FAST);
    await next.says(/^1 of 1 droplets Ready/m);
    expect(next.output().stderr).to.equal('');
  });

  it('"up" waits beside "operator", says who leads, and goes on when that one has gone', async () => {
    const sandbox = start({}, 'sandbox', '--port', '0');
    const [, cloud] = await sandbox.says(/(http:\/\/127\.0\.0\.1:\d+)/);
    const api = start({}, 'standalone', '--port', '0');
    await api.says(/^Kubernetes API at /m);
    const operator = start(atCloud(cloud!), '--kubeconfig', kubeconfig(), 'operator');
    await operator.says(/leading/);
    const up = start(atCloud(cloud!), '--kubeconfig', kubeconfig(), 'up', '--csv', 'config/projects.csv');
    const [, holder] = await up.says(/waiting: operator (\S+) leads from namespace default/);
    expect(holder).to.match(new RegExp(`^(?!embedded_).+_${operator.pid}_[0-9a-f]+$`));
    expect(up.output().stdout).to.not.contain('project shop');
    await operator.stop();
    await up.says(/^project shop: /m);
  });

  it('"up" takes nothing from one that came over a connection until that had its time', async () => {
    const first = start({}, 'up', ...FAST);
    await first.says(/^1 of 1 droplets Ready/m);
    await first.stop();
    // Only the data is as "up" left it: the API runs by itself, and serves an operator that has the fleet's key.
    const api = start({}, 'standalone', '--port', '0');
    await api.says(/^Kubernetes API at /m);
    const key = place.path('.dropfleet', 'sandbox', 'ssh', 'id_ed25519');
    const secret = ['create', 'secret', 'generic', 'dropfleet-ssh', `--from-file=id_ed25519=${key}`];
    const kubectl = (args: string[], input = ''): string =>
      execFileSync('kubectl', ['--kubeconfig', kubeconfig(), ...args], { input, encoding: 'utf8' });
    kubectl(['apply', '-f', '-'], kubectl([...secret, '--dry-run=client', '-o', 'yaml']));
    const operator = start(atCloud('http://127.0.0.1:9'), '--kubeconfig', kubeconfig(), 'operator');
    await operator.says(/leading/);
    await api.stop();
    const up = start({}, 'up', ...FAST);
    await up.says(/waiting: operator (\S+) leads from namespace default/);
    await up.says(/^1 of 1 droplets Ready/m);
    expect((await operator.ended).code).to.equal(1);
  });
});
