import { expect } from 'chai';
import type { LoadBalancerFacts } from '../../../../reconcilers/load-balancer/facts.ts';
import { wantedGeneration } from '../../../../reconcilers/load-balancer/generation.ts';
import { DEBIAN } from '../../../../reconcilers/load-balancer/layout.ts';
import { isServing, planLoadBalancer } from '../../../../reconcilers/load-balancer/plan.ts';
import { balancingFor, generationInput } from '../../../builders/load-balancer.ts';
import { aServiceDeployment } from '../../../builders/objects.ts';

const input = generationInput(
  balancingFor(aServiceDeployment('shop-prod-site', { 'shop-web1': '10.0.0.3:8123' })),
);
const nothing: LoadBalancerFacts = { version: '1.22.1', main: '', current: '', digest: '', running: '' };
const first = wantedGeneration(input, nothing);
const converged: LoadBalancerFacts = {
  version: '1.22.1',
  main: '/etc/nginx/dropfleet/current/nginx.conf',
  current: first.directory,
  digest: first.digest,
  running: first.directory,
};

/** The steps, as `type what`. */
const steps = (changes: Partial<LoadBalancerFacts>): string[] => {
  const facts = { ...converged, ...changes };
  return planLoadBalancer(facts, wantedGeneration(input, facts), DEBIAN).map(({ type, ...rest }) =>
    [type, ...Object.values(rest).flat()].join(' '),
  );
};
const { directory } = first;
const again = `${directory}-again`;

describe('The plan for a load balancer', () => {
  it('is empty when the wanted generation is there, whole, and answers', () => {
    expect(steps({})).to.deep.equal([]);
  });

  it('stages, switches, looks and tidies on a master that has nothing of ours', () => {
    expect(steps(nothing)).to.deep.equal([
      `stage ${directory}`,
      `activate ${directory}`,
      `verify ${directory}`,
      `prune ${directory}`,
    ]);
  });

  it('keeps the folder that served before', () => {
    expect(steps({ current: 'g-0123456789ab', running: 'g-0123456789ab' })[3]).to.equal(
      `prune ${directory} g-0123456789ab`,
    );
  });

  it('only switches when nginx stopped, was started with another file, or still runs another generation', () => {
    const take = [`activate ${directory}`, `verify ${directory}`];
    for (const changes of [
      { running: '' },
      { running: 'g-0123456789ab' },
      { main: '' },
      { main: '/root/my.conf' },
    ])
      expect(steps(changes), JSON.stringify(changes)).to.deep.equal(take);
  });

  it('rewrites an edited folder under its other name, as nginx may read the current one at any time', () => {
    expect(steps({ digest: 'edited' })[0]).to.equal(`stage ${again}`);
    expect(steps({ digest: 'edited', current: again })[0]).to.equal(`stage ${directory}`);
  });

  it('is content with either name', () => {
    const renamed = wantedGeneration(input, { current: directory, digest: 'edited' });
    expect(renamed).to.include({ directory: again, id: first.id });
    expect(steps({ current: again, digest: renamed.digest, running: again })).to.deep.equal([]);
  });

  it('knows that there is something to lose only when a generation of ours answers', () => {
    expect(isServing(converged)).to.equal(true);
    for (const changes of [{ running: '' }, { running: '<html>' }, { current: '' }, { current: 'sites' }])
      expect(isServing({ ...converged, ...changes }), JSON.stringify(changes)).to.equal(false);
  });
});
