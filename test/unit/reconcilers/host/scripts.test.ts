import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import type { DesiredHost } from '../../../../reconcilers/host/desired.ts';
import { parseFacts } from '../../../../reconcilers/host/facts.ts';
import { planHost } from '../../../../reconcilers/host/plan.ts';
import { FACTS, SCRIPTS } from '../../../../reconcilers/host/scripts.ts';

const HOST: DesiredHost = { role: 'web', engine: 'docker' };

/**
 * The steps for docker on a machine that has no other program: shell functions go before what is installed here.
 *
 * @param isActive what systemctl says of docker each time it is asked.
 * @param answers whether docker does.
 */
function stepsFor(isActive: readonly boolean[], answers: boolean): string[] {
  const functions = `
asked=0
systemctl() { asked=$((asked + 1)); case $asked in ${isActive.map((is, i) => `${i + 1}) ${is};;`).join(' ')} *) exit 9;; esac; }
docker() { ${answers ? 'echo 26.1' : 'return 1'}; }
timeout() { shift; "$@"; }
command() { [ "$2" = docker ]; }
`;
  const { stdout } = spawnSync('sh', ['-c', functions + FACTS.text, 'facts', '0'], { encoding: 'utf8' });
  const facts = parseFacts(stdout)!;
  return planHost({ host: HOST, files: [], facts, hasFirstHostKey: false, suspended: false, age: 0 })
    .steps.flatMap(step => (step.type === 'reload' ? [`reload ${step.what}`] : [step.type]))
    .filter(step => step === 'reload docker' || step === 'start-service');
}

describe('What a host tells of its engine', () => {
  it('has a stopped one started', () => {
    expect(stepsFor([false, false], false)).to.deep.equal(['start-service']);
  });

  it('has one that runs and is mute restarted', () => {
    expect(stepsFor([true, true], false)).to.deep.equal(['reload docker']);
  });

  it('has one started that is stopped just while it is asked', () => {
    expect(stepsFor([true, false], false)).to.deep.equal(['start-service']);
  });

  it('has nothing done to one that runs and answers', () => {
    expect(stepsFor([true], true)).to.deep.equal([]);
  });
});

describe('The scripts for hosts', () => {
  for (const { name, text } of SCRIPTS)
    it(`${name} is a POSIX shell's, and no longer than one argument may be`, () => {
      expect(Buffer.byteLength(text)).to.be.lessThan(100_000);
      execFileSync('sh', ['-n', '-c', text]);
    });
});
