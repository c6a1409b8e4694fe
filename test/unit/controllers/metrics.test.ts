import { expect } from 'chai';
import { Registry } from 'prom-client';
import { registerIn } from '../../../controllers/metrics.ts';
import { counter, gauge, histogram } from '../../../reconcilers/metrics.ts';

const releases = counter({
  name: 'test_releases_total',
  help: 'Releases by environment and how they ended.',
  labels: ['environment', 'outcome'],
});
const builds = counter({ name: 'test_builds_total', help: 'Builds.' });
const age = gauge({ name: 'test_age_seconds', help: 'Age.' });
const queued = gauge({ name: 'test_queued', help: 'Queued by project.', labels: ['project'] });
const pull = histogram({ name: 'test_pull_seconds', help: 'Pulls.', buckets: [1, 10] });

/** A registry, and what a scrape of it shows: no comments. */
function start() {
  const registry = new Registry();
  const scrape = async (): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter(line => line !== '' && !line.startsWith('#'));
  return { registry, register: registerIn(registry), scrape };
}

describe('Declared metrics', () => {
  it('count, set and time what their handles are told', async () => {
    const { register, scrape } = start();
    const metrics = register({ releases, builds, age, pull });
    metrics.releases.inc({ environment: 'prod', outcome: 'rolled back' });
    metrics.releases.inc({ environment: 'prod', outcome: 'rolled back' });
    metrics.age.set(7);
    metrics.pull.observe(3);
    expect(await scrape()).to.deep.equal([
      'test_releases_total{environment="prod",outcome="rolled back"} 2',
      'test_builds_total 0',
      'test_age_seconds 7',
      'test_pull_seconds_bucket{le="1"} 0',
      'test_pull_seconds_bucket{le="10"} 1',
      'test_pull_seconds_bucket{le="+Inf"} 1',
      'test_pull_seconds_sum 3',
      'test_pull_seconds_count 1',
    ]);
  });

  it('show no gauge before it was set', async () => {
    const { register, scrape } = start();
    register({ age, queued });
    expect(await scrape()).to.deep.equal([]);
  });

  it('show what a gauge is read to be at that scrape, and nothing of the one before', async () => {
    const { register, scrape } = start();
    let projects = ['shop', 'blog', 'shop'];
    register({ queued }).queued.readAtScrape(() => projects.map(project => [1, { project }]));
    expect(await scrape()).to.deep.equal(['test_queued{project="shop"} 2', 'test_queued{project="blog"} 1']);
    projects = ['blog'];
    expect(await scrape()).to.deep.equal(['test_queued{project="blog"} 1']);
  });

  it('do not compile with a label that was not declared, and count without it where it slips through', async () => {
    const { register, scrape } = start();
    const metrics = register({ releases, builds });
    // @ts-expect-error builds have no labels
    metrics.builds.inc({ project: 'shop' });
    // @ts-expect-error a label is missing
    metrics.releases.inc({ environment: 'prod' });
    const more = { environment: 'uat', outcome: 'done', project: 'shop' };
    metrics.releases.inc(more);
    expect(await scrape()).to.include('test_releases_total{environment="uat",outcome="done"} 1');
  });

  it('are one metric when two declare the same', async () => {
    const { register, scrape } = start();
    register({ builds }).builds.inc();
    register({ all: { ...builds } }).all.inc();
    expect(await scrape()).to.deep.equal(['test_builds_total 2']);
  });

  it('are refused at once when two declare one name for different things', () => {
    for (const other of [
      counter({ name: builds.name, help: builds.help, labels: ['project'] }),
      counter({ name: builds.name, help: 'Something else.' }),
      gauge({ name: builds.name, help: builds.help }),
    ]) {
      const { register } = start();
      register({ builds });
      expect(() => register({ other })).to.throw(
        'the metric test_builds_total is declared twice: counter {}',
      );
    }
  });

  it('are refused at once with a name or a label that Prometheus does not take', () => {
    const { register } = start();
    expect(() => register({ bad: counter({ name: 'test builds', help: 'x' }) })).to.throw('name');
    expect(() => register({ bad: counter({ name: 'test_x', help: 'x', labels: ['a-b'] }) })).to.throw(
      'label',
    );
  });
});
