import { expect } from 'chai';
import { localVersion, nextTag, parseVersion } from '../../../../reconcilers/versions/tag-plan.ts';

const NOW = new Date('2026-11-29T07:01:59.999Z');

describe('version tags', () => {
  it('begin at v0.1.0 where nothing was released, whatever else is tagged', () => {
    expect(nextTag('uat', [], NOW)).to.equal('v0.1.0-uat-20261129-0701');
    expect(nextTag('test', ['1.0.0', 'v2', 'v3.0.0-rc.1', 'latest'], NOW)).to.equal(
      'v0.1.0-test-20261129-0701',
    );
  });

  it('go by the newest release as numbers, not as text', () => {
    const tags = ['v1.9.0', 'v1.10.0', 'v1.10.0-uat-20240101-0000', 'v0.99.99'];
    expect(nextTag('uat', tags, NOW)).to.equal('v1.10.0-uat-20261129-0701');
    expect(nextTag('uat', ['v1.0.9007199254740993', 'v1.0.9007199254740992'], NOW)).to.match(
      /^v1\.0\.9007199254740993-/,
    );
  });

  it('of one minute are never the same, and stay in the form that the original tool knows, in order', () => {
    const tags: string[] = [];
    for (let i = 0; i < 70; i++) tags.push(nextTag('uat', tags, NOW));
    expect(new Set(tags)).to.have.length(70);
    expect(tags.every(tag => /^v\d+\.\d+\.\d+-uat-\d{8}-\d{4}$/.test(tag))).to.equal(true);
    expect(tags.toSorted()).to.deep.equal(tags);
    expect(tags[60]).to.equal('v0.1.0-uat-20261129-0801');
  });

  it('are read back', () => {
    const tag = nextTag('uat', ['v1.2.3'], NOW);
    const madeAt = new Date('2026-11-29T07:01:00Z');
    expect(parseVersion(tag)).to.deep.equal({ base: 'v1.2.3', environment: 'uat', madeAt });
    const local = localVersion('uat', [], 'abcdef0123456789', NOW);
    expect(local).to.equal('v0.1.0-uat-20261129-0701-local-abcdef0');
    expect(parseVersion(local)).to.deep.include({ localTree: 'abcdef0', environment: 'uat' });
    for (const other of [
      'v1.2.3',
      'v1.2.3-uat-20261399-0000',
      'v1.2.3-qa-20261129-0701',
      `${tag}x`,
      ` ${tag}`,
    ])
      expect(parseVersion(other), other).to.equal(undefined);
  });
});
