import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Registry } from 'prom-client';
import { parse, stringify } from 'yaml';
import { CONCERNS } from '../../../controllers/all.ts';
import { registerCloudMetrics } from '../../../controllers/cloud-metrics.ts';
import { registerIn } from '../../../controllers/metrics.ts';
import { createRuntimeMetrics } from '../../../controllers/runtime/metrics.ts';
import { DRILL } from '../../../reconcilers/drill/concern.ts';
import { HEALTH } from '../../../reconcilers/health/concern.ts';
import { MONITOR_METRICS } from '../../../reconcilers/monitor/concern.ts';
import { NOTIFY } from '../../../reconcilers/notify/concern.ts';
import { SNAPSHOT } from '../../../reconcilers/snapshot/concern.ts';

const pathOf = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const RULES = pathOf('deploy/prometheus/rules.yaml');
const DASHBOARD = pathOf('deploy/grafana/dropfleet.json');
const RULE_TESTS = pathOf('test/fixtures/deploy/rules.promtest.yaml');

interface Rules {
  groups: { rules: { alert: string; expr: string; annotations: Record<string, string> }[] }[];
}
interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string }[];
}

const rules = (parse(readFileSync(RULES, 'utf8')) as Rules).groups.flatMap(group => group.rules);
const { panels } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as { panels: Panel[] };
const shownExpressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

/** The metrics that an expression reads: words with an underscore that are neither labels nor functions. */
function metricsIn(expression: string): string[] {
  const bare = expression.replaceAll(/"[^"]*"|\$\w+|\b(by|on) \([^)]*\)|\{[^}]*\}/g, '');
  return [...bare.matchAll(/\b[a-z]+(?:_[a-z]+)+\b(?! *\()/g)].map(([name]) => name.replace(/_bucket$/, ''));
}

function registeredMetrics(): Set<string> {
  const registry = new Registry();
  createRuntimeMetrics(registry);
  registerCloudMetrics(registry);
  const register = registerIn(registry);
  for (const { declares } of CONCERNS) register(declares.metrics);
  register(MONITOR_METRICS);
  return new Set(registry.getMetricsAsArray().map(({ name }) => name));
}

/** Runs promtool; undefined where it is not installed (Debian: apt-get install prometheus). */
function promtool(...args: string[]): { status: number | null; output: string } | undefined {
  const { error, status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  return error === undefined ? { status, output: stdout + stderr } : undefined;
}

describe('the metrics of the cloud', () => {
  it('say nothing of the rate limit before the cloud did', async () => {
    const registry = new Registry();
    const report = registerCloudMetrics(registry);
    expect(await registry.metrics()).to.not.match(/^dropfleet_cloud_rate_limit_remaining /m);
    report({ operation: 'listDroplets', code: '200', seconds: 0.1, remaining: 4999 });
    expect(await registry.metrics()).to.match(/^dropfleet_cloud_rate_limit_remaining 4999$/m);
  });
});

describe('the alerting rules', () => {
  it('read only metrics that the operator has', () => {
    const known = registeredMetrics();
    const read = rules.flatMap(({ expr }) => metricsIn(expr));
    expect(read).to.have.length.above(rules.length);
    expect(read.filter(name => !known.has(name))).to.deep.equal([]);
  });

  it('say what happened and what to do', () => {
    for (const { alert, annotations } of rules)
      expect(annotations, alert).to.have.all.keys('summary', 'description');
  });

  it('fire when they should and only then, by promtool', function () {
    const checked = promtool('test', 'rules', RULE_TESTS);
    if (checked === undefined) return this.skip();
    expect(checked.status, checked.output).to.equal(0);
  });

  it('are each seen silent and seen firing by those tests', () => {
    const tests = readFileSync(RULE_TESTS, 'utf8');
    for (const { alert } of rules) {
      expect(tests).to.match(new RegExp(`{ alertname: ${alert}, `));
      expect(tests).to.match(new RegExp(`- alertname: ${alert}\n|{alertname="${alert}"`));
    }
  });
});

describe('the dashboard', () => {
  it('reads only metrics that the operator has', () => {
    const known = registeredMetrics();
    const read = shownExpressions.flatMap(metricsIn);
    expect(read).to.have.length.above(panels.length);
    expect(read.filter(name => !known.has(name))).to.deep.equal([]);
  });

  it('shows all that the operator and monitors tell of votes, recoveries, snapshots, drills and messages', () => {
    const shown = new Set(shownExpressions.flatMap(metricsIn));
    const told = [HEALTH.metrics, SNAPSHOT.metrics, DRILL.metrics, NOTIFY.metrics, MONITOR_METRICS].flatMap(
      metrics => Object.values(metrics).map(({ name }) => name),
    );
    expect(told.filter(name => !shown.has(name))).to.deep.equal([]);
  });

  it('asks only what Prometheus understands, by promtool', function () {
    const folder = mkdtempSync(join(tmpdir(), 'dropfleet-'));
    try {
      const asked = shownExpressions.map((expr, i) => ({
        record: `panel:${i}`,
        expr: expr.replaceAll('$__rate_interval', '5m').replaceAll('$project', '.*'),
      }));
      const file = join(folder, 'rules.yaml');
      writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules: asked }] }));
      const checked = promtool('check', 'rules', file);
      if (checked === undefined) return this.skip();
      expect(checked.status, checked.output).to.equal(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has panels that say what they show, side by side and not one over another', () => {
    const taken = new Set<string>();
    for (const { type, title, description, gridPos } of panels) {
      if (type !== 'row') expect(description, title).to.be.a('string');
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(x).to.be.below(24);
          expect(taken.has(`${x}:${y}`), title).to.equal(false);
          taken.add(`${x}:${y}`);
        }
    }
    expect(new Set(panels.map(({ id }) => id)).size).to.equal(panels.length);
  });
});
