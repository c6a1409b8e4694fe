import { expect } from 'chai';
import type { Fact } from '../../../../reconcilers/notify/facts-plan.ts';
import { planNews, type Told } from '../../../../reconcilers/notify/news-plan.ts';
import type { NoticeKind } from '../../../../reconcilers/notify/notice.ts';

const ABOUT = 'Droplet default/shop-web1';
const fact = (id: string, kind: NoticeKind = 'failure', about = ABOUT): Fact => ({
  id,
  notice: { kind, about, side: 'health', needsPerson: false, sentence: id, at: '2026-01-01T00:00:00Z' },
});
const plan = (facts: Fact[], told: Told, { existing = [ABOUT], isKnown = true } = {}) =>
  planNews(facts, told, { now: 0, existing: new Set(existing), isKnown: () => isKnown });
const kinds = (...args: Parameters<typeof plan>): NoticeKind[] => plan(...args).news.map(({ kind }) => kind);

describe('news', () => {
  it('are what nobody was told of, and not the same again', () => {
    const first = plan([fact('a')], {});
    expect(first.news).to.deep.equal([fact('a').notice]);
    expect(plan([fact('a')], first.told)).to.deep.equal({ news: [], told: first.told });
    expect(kinds([fact('b')], first.told)).to.deep.equal(['failure']);
  });

  it('are the end of what was told, once', () => {
    const { told } = plan([fact('a')], {});
    const end = plan([], told);
    expect(end.news[0]).to.deep.include({ kind: 'resolved', about: ABOUT, sentence: 'It is Ready again.' });
    expect(plan([], end.told)).to.deep.equal({ news: [], told: {} });
    expect(plan([], told, { existing: [] }).news[0]!.sentence).to.equal('It is gone.');
  });

  it('are no end of what ended well already', () => {
    const { told } = plan([fact('a')], {});
    const recovered = plan([fact('b', 'recovery-finished')], told);
    expect(recovered.news.map(({ kind }) => kind)).to.deep.equal(['recovery-finished']);
    expect(kinds([], recovered.told)).to.deep.equal([]);
  });

  it('are nothing good that nobody heard the bad of', () => {
    expect(kinds([fact('a', 'recovery-finished')], {})).to.deep.equal([]);
  });

  it('are the failure that a recovery came of, for whom was not told of it', () => {
    const { notice } = fact('a');
    const recovery = { ...fact('b', 'recovery-started'), cause: notice };
    expect(kinds([recovery], {})).to.deep.equal(['failure', 'recovery-started']);
    expect(kinds([recovery], plan([fact('a')], {}).told)).to.deep.equal(['recovery-started']);
    const { told } = plan([fact('c', 'recovery-finished')], plan([fact('a')], {}).told);
    expect(kinds([recovery], told), 'another time').to.deep.equal(['failure', 'recovery-started']);
  });

  it('are no end of what is not known to have ended', () => {
    const { told } = plan([fact('a')], {});
    expect(plan([], told, { isKnown: false })).to.deep.equal({ news: [], told });
  });

  it('of more than can be followed are those of the first, and no end of those that still are', () => {
    const many = Array.from({ length: 600 }, (_, i) => fact('a', 'failure', `Droplet default/d${i}`));
    const first = plan(many.slice(50), {});
    expect(first.news).to.have.length(500);
    const existing = many.map(({ notice }) => notice.about);
    expect(plan(many, first.told, { existing }).news).to.deep.equal([]);
  });
});
