import { expect } from 'chai';
import { containerLogs, execIn } from '../../../../reconcilers/service/commands.ts';
import type { Container } from '../../../../reconcilers/service/facts.ts';
import { chooseForExec, chooseForLogs } from '../../../../reconcilers/service/log-plan.ts';

const container = (release: string, state: string, kind: Container['kind'] = 'service'): Container => ({
  service: 'shop-uat-api',
  uid: 'uid-shop-uat-api',
  kind,
  release,
  version: 'v1',
  state,
  exitCode: 0,
  restarts: 0,
  image: 'sha256:1',
  name: `shop-uat-api-${release}${kind === 'task' ? '-task' : ''}`,
});

const namesOf = ({ which, containers }: ReturnType<typeof chooseForLogs>) => [
  which,
  ...containers.map(({ name }) => name),
];

describe('whose logs are shown', () => {
  const running = container('a', 'running');
  const next = container('b', 'restarting');
  const failed = container('c', 'exited');
  const migration = container('c', 'exited', 'task');

  it('are those of all that runs, in a rollout of both releases', () => {
    expect(namesOf(chooseForLogs([running, next, failed], 'c', false))).to.deep.equal([
      'running',
      'shop-uat-api-a',
      'shop-uat-api-b',
    ]);
  });

  it('are those of the rejected release, its release command too, when they are asked for or nothing runs', () => {
    const rejected = ['rejected', 'shop-uat-api-c', 'shop-uat-api-c-task'];
    expect(namesOf(chooseForLogs([running, failed, migration], 'c', true))).to.deep.equal(rejected);
    expect(namesOf(chooseForLogs([failed, migration], 'c', false))).to.deep.equal(rejected);
    expect(namesOf(chooseForLogs([running], undefined, true))).to.deep.equal(['rejected']);
  });

  it('are those of what has ended when nothing else is there', () => {
    expect(namesOf(chooseForLogs([failed], undefined, false))).to.deep.equal(['stopped', 'shop-uat-api-c']);
  });
});

describe('where a program is run', () => {
  it('is in the release that serves, else in any that runs, and never in a release command', () => {
    const [a, b] = [container('a', 'running'), container('b', 'running')];
    expect(chooseForExec([a, b], 'b')).to.equal(b);
    expect(chooseForExec([a, container('b', 'exited')], 'b')).to.equal(a);
    expect(chooseForExec([container('a', 'running', 'task')], 'a')).to.equal(undefined);
  });
});

describe('the commands for them', () => {
  it('ask an engine for a part of the logs', () => {
    const argv = containerLogs('podman', 'shop-uat-api-a', { follow: true, since: '600s', tail: 5 });
    expect(argv.slice(0, 4)).to.deep.equal(['sudo', '-n', 'sh', '-c']);
    expect(argv.slice(6)).to.deep.equal([
      'podman',
      '--follow',
      '--since',
      '600s',
      '--tail',
      '5',
      'shop-uat-api-a',
    ]);
    expect(containerLogs('docker', 'x', {}).slice(6)).to.deep.equal(['docker', 'x']);
  });

  it('give a program a terminal only where there is one', () => {
    const rest = ['shop-uat-api-a', 'ls', '-l'];
    const plain = ['sudo', '-n', 'docker', 'exec', '--interactive'];
    expect(execIn('docker', 'shop-uat-api-a', ['ls', '-l'], false)).to.deep.equal([...plain, ...rest]);
    expect(execIn('docker', 'shop-uat-api-a', ['ls', '-l'], true)).to.deep.equal([
      ...plain,
      '--tty',
      ...rest,
    ]);
  });
});
