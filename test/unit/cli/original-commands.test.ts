import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { translateAliases } from '../../../cli/aliases.ts';
import { createProgram } from '../../../cli/program.ts';

const PAGE = new URL('../../fixtures/original/commands.txt', import.meta.url);

/** The page's commands, as words behind the program's name, without comments and `&`. */
const commands = readFileSync(PAGE, 'utf8')
  .trim()
  .split('\n')
  .map(line => line.replace(/^python orchestrator\.py /, '').replace(/\s*(#.*|&)$/, ''));

/** Each of them as the command that it is here. */
const MEANINGS: Record<string, string> = {
  '--init': 'init',
  '--orchestrate': 'orchestrate',
  '--orchestrate --force': 'orchestrate --force',
  '--status': 'status',
  '--update-ip 203.0.113.200': 'update-ip 203.0.113.200',
  '--scale hostomatic 5': 'scale hostomatic 5',
  '--cleanup': 'cleanup',
  '--cleanup --dry-run': 'cleanup --dry-run',
  '--deploy-uat hostomatic': 'deploy uat hostomatic',
  '--deploy-uat hostomatic --local --project-path ../hostomatic':
    'deploy uat hostomatic --local --project-path ../hostomatic',
  '--deploy-prod hostomatic': 'deploy prod hostomatic',
  '--deploy-prod hostomatic --tag v1.2.3-uat-20241215-1430':
    'deploy prod hostomatic --tag v1.2.3-uat-20241215-1430',
  '--reproduce v1.2.3-uat-20241215-1430': 'reproduce v1.2.3-uat-20241215-1430',
  '--reproduce v1.2.3-uat-20241215-1430 --reproduce-dir ./reproduced':
    'reproduce v1.2.3-uat-20241215-1430 --reproduce-dir ./reproduced',
  '--monitor master': 'monitor master',
  '--monitor web1': 'monitor web1',
  '--monitor web2': 'monitor web2',
  '--recover web1': 'recover web1',
};

describe("the original's commands, as its page has them", () => {
  it('are all known', () => {
    expect([...commands].sort()).to.deep.equal(Object.keys(MEANINGS).sort());
  });

  for (const command of commands)
    it(`"${command}"`, () => expect(understood(command)).to.equal(MEANINGS[command]));

  it('may name another folder for the files', () => {
    expect(understood('--config-dir infra/config --status')).to.equal('status --config-dir infra/config');
    expect(understood('--orchestrate --config-dir=config')).to.equal('orchestrate --config-dir=config');
    expect(understood('--config-dir config --tag v1 --deploy-prod shop')).to.equal(
      'deploy prod shop --config-dir config --tag v1',
    );
  });

  it('are nothing special behind a command, where they may belong to another program', () => {
    for (const command of [
      'ssh web1 -- docker run --init x',
      'ssh web1 -- --status',
      '--verbose up x --init',
    ])
      expect(translateAliases(command.split(' ')).join(' ')).to.equal(command);
    expect(translateAliases(['constructor'])).to.deep.equal(['constructor']);
  });
});

/** The command that it stands for; there is one of that name that takes these words. */
function understood(command: string): string {
  const translated = translateAliases(command.split(' '));
  const [name, ...words] = translated;
  const parent = createProgram().commands.find(one => one.name() === name)!;
  const below = parent.commands.find(one => one.name() === words[0]);
  if (below !== undefined) words.shift();
  const known = below ?? parent;
  const { operands, unknown } = known.parseOptions(words);
  expect(unknown, command).to.deep.equal([]);
  expect(operands, command).to.have.length(known.registeredArguments.length);
  return translated.join(' ');
}
