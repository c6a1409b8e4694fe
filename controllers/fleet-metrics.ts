import { Gauge, type Registry } from 'prom-client';
import type { Droplet } from '../crds/droplet.ts';
import type { Project } from '../crds/project.ts';
import type { Hold } from '../reconcilers/gate/gate.ts';
import type { Prices } from '../reconcilers/read-model/cost.ts';
import { summarizeFleet } from '../reconcilers/read-model/fleet-summary.ts';

/** Where the numbers come from, at every scrape. */
export interface FleetFacts {
  projects(): readonly Project[];
  droplets(): readonly Droplet[];
  prices(): Prices;
  /** Cloud resources that carry the fleet's tag and belong to no object. */
  leftovers(): number;
  /** What the gate holds. */
  holds(): readonly Pick<Hold, 'reason'>[];
}

/** Registers the gauges that describe the fleet; they are worked out when they are scraped. */
export function registerFleetMetrics(registry: Registry, facts: FleetFacts): void {
  const summary = () => summarizeFleet(facts.projects(), facts.droplets(), facts.prices());
  registry.registerMetric(
    new Gauge({
      name: 'dropfleet_droplets',
      help: 'Droplet objects by namespace, project, role and phase.',
      labelNames: ['namespace', 'project', 'role', 'phase'],
      registers: [],
      collect() {
        this.reset();
        const { projects, strays } = summary();
        for (const { namespace, project, role, phase } of [...projects.flatMap(p => p.droplets), ...strays])
          this.inc({ namespace, project, role, phase });
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'dropfleet_projects',
      help: 'Project objects by whether they are Ready.',
      labelNames: ['ready'],
      registers: [],
      collect() {
        const { projects } = summary();
        const ready = projects.filter(project => project.ready).length;
        this.set({ ready: 'true' }, ready);
        this.set({ ready: 'false' }, projects.length - ready);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'dropfleet_monthly_cost_dollars',
      help: "DigitalOcean's list price of a project's droplets for a month.",
      labelNames: ['namespace', 'project'],
      registers: [],
      collect() {
        this.reset();
        for (const { namespace, name, monthlyCost } of summary().projects)
          if (monthlyCost !== undefined) this.set({ namespace, project: name }, monthlyCost);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'dropfleet_held',
      help: 'What is held until a person confirms it, by the reason; dropfleet confirm shows it.',
      labelNames: ['reason'],
      registers: [],
      collect() {
        this.reset();
        for (const { reason } of facts.holds()) this.inc({ reason });
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'dropfleet_leftovers',
      help: "Cloud resources that carry the fleet's tag and belong to no object; dropfleet cleanup removes them.",
      registers: [],
      collect() {
        this.set(facts.leftovers());
      },
    }),
  );
}
