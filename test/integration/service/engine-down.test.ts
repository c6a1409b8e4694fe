import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  runTask,
  startContainer,
  stopContainers,
  watchContainer,
} from '../../../reconcilers/service/commands.ts';
import { ENDED, NOT_HEALTHY, REFUSED } from '../../../reconcilers/service/scripts.ts';

const SPEC = { name: 'shop-prod-api-one', publish: '-', port: '8080', arguments: ['image'] };
const CHECK = { target: 'running', intervalSeconds: 1, timeoutSeconds: 1 };
const SOON = { withinSeconds: 1, settleSeconds: 0 };
const DOWN = 'echo "Cannot connect to the Docker daemon. Is the docker daemon running?" >&2; exit 1';

describe('The scripts for containers, on a shell of this machine', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'dropfleet-engine-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** What a command does with an engine that is that script, and a curl where one is given. */
  function run(argv: string[], engine: string): { code: number | null; stderr: string } {
    writeFileSync(join(folder, 'docker'), `#!/bin/sh\n${engine}\n`, { mode: 0o755 });
    // Without sudo.
    const [, , shell = '', ...args] = argv;
    const options = { env: { PATH: `${folder}:/usr/bin:/bin` }, input: '', encoding: 'utf8' } as const;
    const { status, stderr } = spawnSync(shell, args, options);
    return { code: status, stderr };
  }

  for (const [what, argv] of Object.entries({
    starts: startContainer('docker', SPEC, CHECK, SOON),
    watches: watchContainer('docker', SPEC.name, CHECK, 1),
    'runs a command': runTask('docker', SPEC, 1),
    stops: stopContainers('docker', 'remove', 1, [SPEC.name]),
  }))
    it(`blame no release where the engine does not answer: one that ${what}`, () => {
      const { code, stderr } = run(argv, DOWN);
      expect(stderr).to.contain('docker does not answer');
      expect([0, ENDED, NOT_HEALTHY, REFUSED]).not.to.include(code);
    });

  it('wait again for a command whose engine was restarted meanwhile', () => {
    const engine = `case $1 in inspect) echo running;; wait) ${DOWN};; esac`;
    expect(run(runTask('docker', SPEC, 5), engine).code).to.equal(1);
  });

  it('tell a container that is gone from an engine that does not answer', () => {
    const engine = 'case $1 in inspect) exit 1;; esac';
    expect(run(watchContainer('docker', SPEC.name, CHECK, 1), engine).code).to.equal(ENDED);
    expect(run(stopContainers('docker', 'remove', 1, [SPEC.name]), engine).code).to.equal(0);
  });
});
