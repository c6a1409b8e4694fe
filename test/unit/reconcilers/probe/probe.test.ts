import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import type { CommandResult, SshHost } from '../../../../clients/ssh/ssh.ts';
import { sectionsFor } from '../../../../reconcilers/probe/commands.ts';
import { probe } from '../../../../reconcilers/probe/probe.ts';
import { readFrames } from '../../../../reconcilers/probe/frames.ts';
import type { ProbedHost, ProbeSection } from '../../../../reconcilers/probe/section.ts';
import { PROBE_SECTIONS } from '../../../../reconcilers/probe/sections.ts';

const MARK = 'a1b2c3';
const WEB: ProbedHost = { role: 'web', engine: 'docker', firstBootWaitSeconds: 0 };

/** A section as a concern would add one: it tells what its script prints. */
const aSection = (name: string, script: string, args: string[] = []): ProbeSection<string> => ({
  name,
  script,
  argumentsFor: () => args,
  parse: output => output,
});

/** Gives half a second to each section. */
const HASTY: ProbedHost = { ...WEB, firstBootWaitSeconds: -44.5 };
const WELL = aSection('well', 'echo well');

/** A host whose shell is this machine's, and the commands that it was sent. */
function thisMachine() {
  const commands: (readonly string[])[] = [];
  const run = (argv: readonly string[]): Promise<CommandResult> => {
    commands.push(argv);
    // Without `sudo -n`.
    const { stdout, stderr, status } = spawnSync(argv[2]!, argv.slice(3));
    return Promise.resolve({
      stdout: stdout.toString(),
      stdoutBytes: stdout,
      stderr: stderr.toString(),
      code: status ?? 1,
    });
  };
  return { commands, ssh: { run } as unknown as SshHost };
}

const probeFor = (...sections: ProbeSection<unknown>[]) => probeOn(WEB, ...sections);

async function probeOn(host: ProbedHost, ...sections: ProbeSection<unknown>[]) {
  const { commands, ssh } = thisMachine();
  const { signal } = new AbortController();
  const answer = await probe(ssh, sections, host, MARK, signal);
  const byName = Object.fromEntries([...answer.facts].map(([{ name }, facts]) => [name, facts]));
  return { ...answer, commands, byName };
}

describe('A probe', () => {
  it('asks for all sections with one command', async () => {
    const { commands, byName } = await probeFor(aSection('one', 'echo 1'), aSection('two', 'echo 2'));
    expect(commands.map(argv => argv[5])).to.deep.equal(['dropfleet-probe']);
    expect(byName).to.deep.equal({ one: '1\n', two: '2\n' });
  });

  it('takes another section in by its place in the list', async () => {
    const containers: ProbeSection<string[]> = {
      name: 'made-up',
      script: 'for name; do printf "%s\\n" "$name"; done',
      argumentsFor: ({ engine }) => [engine, 'two words', '*'],
      parse: output => output.trimEnd().split('\n'),
    };
    const { facts } = await probeFor(WELL, containers);
    expect(facts.get(containers)).to.deep.equal(['docker', 'two words', '*']);
  });

  it('leaves out what does not concern the host', async () => {
    const ofMasters = { ...WELL, argumentsFor: () => undefined };
    expect((await probeFor(ofMasters)).byName).to.deep.equal({});
    const names = (role: ProbedHost['role']) =>
      sectionsFor(PROBE_SECTIONS, { ...WEB, role }).map(({ name }) => name);
    expect([names('web'), names('master')]).to.deep.equal([
      ['host', 'containers'],
      ['host', 'load-balancer', 'containers', 'data-volume'],
    ]);
  });

  for (const { what, script } of [
    { what: 'fails', script: 'echo half; exit 3' },
    { what: 'kills itself', script: 'echo half; kill -9 $$' },
    { what: 'is no shell', script: "echo half; if 'then" },
    { what: 'leaves the shell', script: 'echo half; exec false' },
    { what: 'changes the shell', script: 'set -- 1; IFS=e; printf() { :; }; cd /; false' },
    { what: 'reads what is not its own', script: 'cat >/dev/null; false' },
  ])
    it(`does not know a section that ${what}, and knows those around it`, async () => {
      const { byName } = await probeFor(WELL, aSection('broken', script), aSection('other', 'echo other'));
      expect(byName).to.deep.equal({ well: 'well\n', broken: undefined, other: 'other\n' });
    });

  it('does not wait for a section that hangs', async () => {
    const { byName } = await probeOn(HASTY, aSection('hanging', 'echo half; sleep 60'), WELL);
    expect(byName).to.deep.equal({ hanging: undefined, well: 'well\n' });
  });

  it('takes no output of a section for the end of it, nor for another', async () => {
    const script = "printf 'a\\n\\nb2 well 0\\nend\\nwell 0\\n'";
    const { byName } = await probeFor(aSection('garbage', script), WELL);
    expect(byName).to.deep.equal({ garbage: 'a\n\nb2 well 0\nend\nwell 0\n', well: 'well\n' });
  });

  it('knows of an answer that is cut off anywhere only what ended before', () => {
    const whole = ['host', 'load-balancer', 'made-up']
      .map(name => `facts of ${name}\n${name} 0\nno line end\n${MARK} ${name} 0\n`)
      .join('');
    const all = [...readFrames(whole, MARK)];
    expect(all).to.have.length(3);
    for (let length = 0; length < whole.length; length++) {
      const known = [...readFrames(whole.slice(0, length), MARK)];
      const ended = all.filter(([name]) => whole.slice(0, length).includes(`${MARK} ${name} 0\n`));
      expect(known, `${length} bytes`).to.deep.equal(ended);
    }
  });
});

describe('The sections of a probe', () => {
  it('have names of their own, of one word', () => {
    const names = PROBE_SECTIONS.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    for (const name of names) expect(name).to.match(/^[a-z-]+$/);
  });

  for (const { name, script } of PROBE_SECTIONS)
    it(`${name} is POSIX shell, and no longer than one argument may be`, () => {
      expect(spawnSync('sh', ['-n', '-c', script]).stderr.toString()).to.equal('');
      expect(Buffer.byteLength(script)).to.be.lessThan(100_000);
    });
});
