import { expect } from 'chai';
import { shareLines, transitionLine } from '../../../../cli/show/monitor-lines.ts';
import type { Pair } from '../../../../reconcilers/monitor/watch-plan.ts';

const pair = (observer: string, target: string): Pair => ({
  id: `${observer} ${target} 7`,
  observer: `default/shop-${observer}`,
  target: `default/shop-${target}`,
  dropletID: 7,
  place: { address: '10.0.0.7', ports: [22, 80] },
  references: [],
});

describe('What a monitor prints', () => {
  it('has a line for each observer, or says that there is none', () => {
    const pairs = [pair('master', 'web1'), pair('web1', 'master'), pair('master', 'web2')];
    expect(shareLines(pairs)).to.deep.equal([
      'shop-master watches shop-web1, shop-web2',
      'shop-web1 watches shop-master',
    ]);
    expect(shareLines([])[0]).to.match(/^Acts for no droplet yet: /);
  });

  it('tells who fails for whom and where, who is well, and who cannot tell', () => {
    const lines = (['fails', 'well', 'abstains'] as const).map(stance =>
      transitionLine({ pair: pair('web1', 'master'), stance }),
    );
    expect(lines).to.deep.equal([
      'shop-web1 cannot reach shop-master (10.0.0.7, ports 22 and 80): votes against it',
      'shop-web1 reaches shop-master: no vote',
      'shop-web1 abstains about shop-master: it cannot be reached itself, or reaches nobody else either',
    ]);
  });
});
