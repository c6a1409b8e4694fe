import { gauge } from '../metrics.ts';

/** What this concern waits for and counts. */
export const PROJECT = {
  timings: {},
  metrics: {
    droplets: gauge({
      name: 'dropfleet_droplets',
      help: 'Droplet objects by namespace, project, role and phase.',
      labels: ['namespace', 'project', 'role', 'phase'],
    }),
    projects: gauge({
      name: 'dropfleet_projects',
      help: 'Project objects by whether they are Ready.',
      labels: ['ready'],
    }),
    monthlyCost: gauge({
      name: 'dropfleet_monthly_cost_dollars',
      help: "DigitalOcean's list price of a project's droplets for a month.",
      labels: ['namespace', 'project'],
    }),
  },
};
