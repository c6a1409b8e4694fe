import { expect } from 'chai';
import { array, assert, constantFrom, property } from 'fast-check';
import {
  observe,
  UNSEEN,
  type Observation,
  type Probe,
} from '../../../../reconcilers/monitor/observation.ts';
import { planVote, RENEW_MS } from '../../../../reconcilers/monitor/vote-plan.ts';

const WORDS: Record<string, Probe> = { a: 'answered', s: 'silent', u: 'unknown' };
const PERIOD_MS = 5_000;

/** After probes such as `aas`, five seconds apart from 0 on. */
function after(probes: string, patience = 1): Observation {
  return probes
    .split('')
    .reduce(
      (known, letter, i) => observe(known, { probe: WORDS[letter]!, at: i * PERIOD_MS, patience }),
      UNSEEN,
    );
}

describe('An observation', () => {
  const table: [probes: string, stance: Observation['stance']][] = [
    ['', 'undecided'],
    ['a', 'undecided'],
    ['aa', 'well'],
    ['s', 'undecided'],
    ['ss', 'undecided'],
    ['sss', 'fails'],
    ['ssa', 'undecided'],
    ['ssass', 'undecided'],
    ['ssasss', 'fails'],
    ['ssss', 'fails'],
    ['sssa', 'fails'],
    ['sssas', 'fails'],
    ['sssaa', 'well'],
    ['sssaas', 'undecided'],
    ['sssaasss', 'fails'],
    ['ssu', 'undecided'],
    ['ssus', 'undecided'],
    ['ssuss', 'undecided'],
    ['ssusss', 'fails'],
    ['sssu', 'lapsing'],
    ['sssuu', 'lapsing'],
    ['sssus', 'fails'],
    ['sssuuu', 'abstains'],
    ['sssuuus', 'undecided'],
    ['sssuuusss', 'fails'],
    ['uuuaa', 'well'],
  ];
  for (const [probes, stance] of table)
    it(`is "${stance}" after "${probes}"`, () => expect(after(probes).stance).to.equal(stance));

  it('takes twice as many failures of a process that doubts itself', () => {
    expect(after('sssss', 2).stance).to.equal('undecided');
    expect(after('ssssss', 2).stance).to.equal('fails');
  });

  it('dates a failure from its first silent probe, and counts how often one ended', () => {
    expect(after('aasss').failingSince).to.equal(2 * PERIOD_MS);
    expect(after('sasss').failingSince).to.equal(2 * PERIOD_MS);
    expect(after('ssssass').failingSince).to.equal(0);
    expect(after('sssaasssaasss')).to.include({ flaps: 2, failingSince: 10 * PERIOD_MS });
    expect(after('sssuuuaa').flaps).to.equal(0);
  });

  it('never fails without three silent probes since the last sign of life, and never stands through two', () => {
    assert(
      property(array(constantFrom('a', 's', 'u'), { maxLength: 40 }), letters => {
        const probes = letters.join('');
        const { isFailing } = after(probes);
        if (isFailing) expect(probes).to.match(/sss(?!.*(aa|uuu))/);
        if (/aa$|uuu$/.test(probes)) expect(isFailing).to.equal(false);
      }),
    );
  });
});

describe('A vote', () => {
  it('is written when the target fails, and again only when the last time is 9 s ago', () => {
    const fails = { stance: 'fails', isStored: false } as const;
    expect(planVote({ ...fails, writtenAgoMs: undefined })).to.equal('write');
    expect(planVote({ ...fails, writtenAgoMs: RENEW_MS - 1 })).to.equal('none');
    expect(planVote({ ...fails, writtenAgoMs: RENEW_MS, isStored: true })).to.equal('write');
  });

  it('is withdrawn, whoever wrote it, from a target that is well or nothing is known of', () => {
    for (const stance of ['well', 'abstains'] as const) {
      expect(planVote({ stance, isStored: true, writtenAgoMs: undefined })).to.equal('withdraw');
      expect(planVote({ stance, isStored: false, writtenAgoMs: 0 })).to.equal('none');
    }
  });

  it('is left to run out while the observer cannot look, and as it is while it has not made up its mind', () => {
    for (const stance of ['lapsing', 'undecided'] as const)
      expect(planVote({ stance, isStored: true, writtenAgoMs: 60_000 })).to.equal('none');
  });
});
