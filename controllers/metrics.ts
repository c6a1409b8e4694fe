import { isDeepStrictEqual } from 'node:util';
import * as prometheus from 'prom-client';
import type { Counter, Gauge, Handles, Histogram, Metric, Metrics, Sample } from '../reconcilers/metrics.ts';

/** Makes declared metrics; throws on a name or a label that Prometheus does not take, or that means something else. */
export type RegisterMetrics = <Declared extends Metrics>(declared: Declared) => Handles<Declared>;

/** Registers metrics there. Who declares the same one twice gets it twice; of another shape it is a mistake. */
export function registerIn(registry: prometheus.Registry): RegisterMetrics {
  const known = new Map<string, { metric: Metric; handle: unknown }>();
  const handleOf = (metric: Metric): unknown => {
    const before = known.get(metric.name);
    if (before === undefined) {
      const handle = create(metric, registry);
      known.set(metric.name, { metric, handle });
      return handle;
    }
    if (!isDeepStrictEqual(before.metric, metric))
      throw new Error(
        `the metric ${metric.name} is declared twice: ${describe(before.metric)}; ${describe(metric)}`,
      );
    return before.handle;
  };
  return <Declared extends Metrics>(declared: Declared) =>
    Object.fromEntries(
      Object.entries(declared).map(([key, metric]) => [key, handleOf(metric)]),
    ) as Handles<Declared>;
}

const describe = ({ type, labels, help }: Metric): string => `${type} {${labels.join(', ')}} "${help}"`;

function create(metric: Metric, registry: prometheus.Registry): unknown {
  const { name, help, labels: labelNames } = metric;
  const configuration = { name, help, labelNames, registers: [registry] };
  switch (metric.type) {
    case 'counter':
      return counterOf(new prometheus.Counter(configuration), metric);
    case 'gauge':
      return gaugeOf(configuration, metric);
    case 'histogram':
      return histogramOf(
        new prometheus.Histogram({ ...configuration, buckets: [...metric.buckets] }),
        metric,
      );
  }
}

const counterOf = (made: prometheus.Counter, metric: Metric): Counter<string> => ({
  inc: labels => made.inc(declaredOf(metric, labels)),
});

const histogramOf = (made: prometheus.Histogram, metric: Metric): Histogram<string> => ({
  observe: (value, labels) => made.observe(declaredOf(metric, labels), value),
});

function gaugeOf(configuration: prometheus.GaugeConfiguration<string>, metric: Metric): Gauge<string> {
  let read: (() => readonly Sample<string>[]) | undefined;
  const isSingle = metric.labels.length === 0;
  const made = new prometheus.Gauge({
    ...configuration,
    collect() {
      if (read === undefined) return;
      this.reset();
      if (isSingle) this.remove();
      for (const [value, labels] of read()) this.inc(declaredOf(metric, labels), value);
    },
  });
  // Until it is known it is not shown: 0 would alarm, of an operator that only stands by.
  if (isSingle) made.remove();
  return {
    set: (value, labels) => made.set(declaredOf(metric, labels), value),
    readAtScrape: source => void (read = source),
  };
}

/** An object may have more than its type says; what is counted must not fail because of it. */
const declaredOf = (
  { labels: names }: Metric,
  labels: Readonly<Record<string, string>> = {},
): Record<string, string> => Object.fromEntries(names.map(name => [name, labels[name]!]));
