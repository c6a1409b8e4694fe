import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { quoteCommand } from '../../../clients/ssh/quote.ts';
import { freeze, heldMsIn, thaw } from '../../../reconcilers/snapshot/commands.ts';

const execute = promisify(execFile);
const docker = async (...args: readonly string[]): Promise<string> =>
  (await execute('docker', args)).stdout.trim();

/** Its files are this machine's, which has the databases: nothing need be built or fetched. */
const BASE = 'debian:bookworm-slim';
const MACHINE = ['--volume', '/usr:/usr:ro'];
/** As the images of databases, but that of redis alone runs as root. */
const NOBODY = 65_534;

/** In place of systemd, which runs in no container: it begins what it is told to, and leaves it to itself. */
const SYSTEMD = `mkdir -p /stand-in && cd /stand-in
printf '#!/bin/sh\\nwhile [ "$1" != sh ]; do shift; done\\nsetsid "$@" >/dev/null 2>&1 &\\n' >systemd-run
printf '#!/bin/sh\\n' >systemctl
chmod 755 *
`;

const postgresBin = (): string => {
  const [version] = readdirSync('/usr/lib/postgresql').toSorted().toReversed();
  return `/usr/lib/postgresql/${version}/bin`;
};

describe('Databases that stand still for a snapshot', function () {
  this.timeout(120_000);
  const run = `dropfleet-quiesce-${randomBytes(4).toString('hex')}`;
  const host = `${run}-host`;
  const label = ['--label', `dropfleet.sandbox=${run}`];
  /** What runs on the host, which holds the disks of all containers. */
  const onHost = (...argv: string[]): Promise<string> => docker('exec', host, ...argv);
  const asRoot = (argv: readonly string[]): Promise<string> => {
    const [sudo, ...command] = argv;
    expect(sudo).to.equal('sudo');
    return onHost('sh', '-c', `PATH=/stand-in:/usr/local/bin:$PATH; ${quoteCommand(command.slice(1))}`);
  };

  const databases = {
    redis: {
      user: 0,
      start: 'exec redis-server --dir /data --save "" --appendonly no',
      write: ['redis-cli', 'MSET', 'a', '1', 'b', '2', 'c', '3'],
      count: ['redis-cli', 'DBSIZE'],
    },
    postgres: {
      user: NOBODY,
      start:
        '[ -e /data/PG_VERSION ] || initdb -U postgres -A trust -D /data -N >/dev/null; exec postgres -D /data -k /tmp',
      write: ['psql', '-qc', 'CREATE TABLE rows AS SELECT generate_series(1, 3)'],
      count: ['psql', '-Atc', 'SELECT count(*) FROM rows'],
    },
  } as const;
  type Kind = keyof typeof databases;
  const KINDS = ['redis', 'postgres'] as const satisfies Kind[];

  async function start(kind: Kind, name: string): Promise<(argv: readonly string[]) => Promise<string>> {
    const container = `${run}-${name}`;
    const { user, start: command } = databases[kind];
    await docker(
      ...[
        ['run', '--detach', '--name', container, ...label, ...MACHINE, '--user', `${user}`],
        ['--label', `dropfleet.uid=${name}`, '--label', 'dropfleet.kind=service', '--network', 'none'],
        ['--volume', `${run}:/disk`, '--env', 'PGHOST=/tmp', '--env', 'PGUSER=postgres'],
        ['--env', `PATH=${postgresBin()}:/usr/bin:/bin`, BASE],
        ['sh', '-c', command.replaceAll('/data', `/disk/${name}`)],
      ].flat(),
    );
    return argv => docker('exec', container, ...argv);
  }

  /** What it says as soon as it says anything. */
  const untilDone = (
    ask: (argv: readonly string[]) => Promise<string>,
    argv: readonly string[],
  ): Promise<string> => ask(['sh', '-c', `until ${quoteCommand(argv)} 2>/dev/null; do sleep 0.1; done`]);

  before(async () => {
    await docker('volume', 'create', ...label, run);
    await docker(
      ...[
        ['run', '--detach', '--name', host, ...label, ...MACHINE, '--network', 'none'],
        ['--volume', '/var/run/docker.sock:/var/run/docker.sock', '--volume', `${run}:/disk`],
        [BASE, 'sleep', 'infinity'],
      ].flat(),
    );
    await onHost('sh', '-c', SYSTEMD);
    await onHost('install', '-d', '-o', `${NOBODY}`, '-m', '700', '/disk/postgres');
    await onHost('install', '-d', '/disk/redis');
  });
  after(async () => {
    const all = await docker('ps', '--all', '--quiet', '--filter', `label=${label[1]}`);
    if (all !== '') await docker('rm', '--force', ...all.split('\n'));
    await docker('volume', 'rm', '--force', run);
  });

  it('leave on the disk all that was written before, so that a copy of it starts and has it', async () => {
    await Promise.all(
      KINDS.map(async kind => await untilDone(await start(kind, kind), databases[kind].write)),
    );

    const frozen = await asRoot(
      freeze('docker', 60, [
        { kind: 'redis', uid: 'redis' },
        { kind: 'postgres', uid: 'postgres' },
      ]),
    );
    expect(frozen, 'what was not flushed').to.equal('');
    await onHost('sh', '-c', 'cd /disk && for kind in redis postgres; do cp -a $kind $kind-copy; done');
    const states = await docker(
      'inspect',
      '--format',
      '{{.State.Status}}',
      ...KINDS.map(kind => `${run}-${kind}`),
    );
    expect(states).to.equal('paused\npaused');
    expect(heldMsIn(await asRoot(thaw('docker')))).to.be.above(0);

    const counted = KINDS.map(async kind =>
      untilDone(await start(kind, `${kind}-copy`), databases[kind].count),
    );
    expect(await Promise.all(counted)).to.deep.equal(['3', '3']);
  });
});
