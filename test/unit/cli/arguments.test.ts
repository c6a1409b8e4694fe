import { expect } from 'chai';
import { translateAliases } from '../../../cli/aliases.ts';
import { commandLine, DEFAULTS, type GlobalOptions } from '../../../cli/options.ts';
import { parseDuration } from '../../../cli/usage/parsers.ts';

describe('The spellings of the original tool', () => {
  const spellings: [string, string][] = [
    ['--orchestrate', 'orchestrate'],
    ['--orchestrate --force', 'orchestrate --force'],
    ['--scale hostomatic 5', 'scale hostomatic 5'],
    ['--scale=hostomatic 5', 'scale hostomatic 5'],
    ['--output json --status', 'status --output json'],
    ['--config-dir elsewhere --cleanup --dry-run', 'cleanup --dry-run --config-dir elsewhere'],
    ['status --output json', 'status --output json'],
    ['--version', '--version'],
    ['', ''],
  ];
  for (const [theirs, ours] of spellings)
    it(`"${theirs}" is "${ours}"`, () => {
      expect(translateAliases(theirs.split(' ')).join(' ')).to.equal(ours);
    });
});

describe('A duration', () => {
  const durations: [string, number][] = [
    ['90s', 90_000],
    ['15m', 900_000],
    ['1h30m', 5_400_000],
    ['200ms', 200],
    ['1.5s', 1_500],
    ['90', 90_000],
  ];
  for (const [text, ms] of durations)
    it(`${text} is ${ms} ms`, () => expect(parseDuration(text)).to.equal(ms));

  for (const text of ['', 'soon', '5 m', '-5s', '5d', '1m and a bit'])
    it(`cannot be "${text}"`, () => {
      expect(() => parseDuration(text)).to.throw('It must be a duration such as 90s, 15m or 1h30m.');
    });

  it('is no longer than a timer can wait', () => {
    expect(parseDuration('576h')).to.be.below(2 ** 31);
    for (const text of ['577h', '600h', '9'.repeat(400)])
      expect(() => parseDuration(text)).to.throw('It must be 24 days (576h) at most.');
  });
});

describe('A command line that a person is told to type', () => {
  const defaults: GlobalOptions = { ...DEFAULTS, output: 'table', logFormat: 'text' };

  it('is as short as can be', () => {
    expect(commandLine(defaults, 'status')).to.equal('npx dropfleet status');
  });

  it('finds the same place again', () => {
    const options = { ...defaults, configDir: 'my config', stateDir: '/tmp/s', kubeconfig: 'k.yaml' };
    expect(commandLine(options, 'scale', 'shop', '3')).to.equal(
      "npx dropfleet --config-dir 'my config' --state-dir /tmp/s --kubeconfig k.yaml scale shop 3",
    );
  });
});
