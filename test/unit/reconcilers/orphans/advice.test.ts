import { expect } from 'chai';
import { adviseOn } from '../../../../reconcilers/orphans/advice-plan.ts';

describe('The advice on an orphan', () => {
  const tagsOf = (project: string) => ['dropfleet:mine', `dropfleet:mine:${project}:web`];
  const left = { kind: 'droplet', id: '7', name: 'x', createdAt: '', tags: tagsOf('shop') } as const;
  const adviceWith = (others: { id: number; tags: string[] }[], orphan: object = left) =>
    adviseOn([{ ...left, ...orphan }], 'mine', [{ id: 7, tags: tagsOf('shop') }, ...others])[0]!.advice;

  it('is to take a droplet over whose whole project has no object', () =>
    expect(adviceWith([{ id: 8, tags: tagsOf('blog') }])).to.equal('adopt'));

  it('is to remove a droplet whose project has others that have theirs', () =>
    expect(adviceWith([{ id: 8, tags: tagsOf('shop') }])).to.equal('cleanup'));

  it('is to remove what does not tell its project, and what is no droplet', () => {
    expect(adviceWith([], { tags: ['dropfleet:mine'] })).to.equal('cleanup');
    expect(adviceWith([], { kind: 'firewall' })).to.equal('cleanup');
  });
});
