import type { Registry } from 'prom-client';
import type { RequestReport } from '../clients/digitalocean/caller.ts';
import { counter, gauge } from '../reconcilers/metrics.ts';
import { registerIn } from './metrics.ts';

const CLOUD_METRICS = {
  requests: counter({
    name: 'dropfleet_cloud_requests_total',
    help: 'Requests to DigitalOcean by operation and HTTP status, or the network error where there was none.',
    labels: ['operation', 'code'],
  }),
  remaining: gauge({
    name: 'dropfleet_cloud_rate_limit_remaining',
    help: "Requests that the token's hourly limit still allows, as DigitalOcean last said.",
  }),
};

/** Registers what is counted about the calls to the cloud; the function takes a report of each. */
export function registerCloudMetrics(registry: Registry): (report: RequestReport) => void {
  const { requests, remaining } = registerIn(registry)(CLOUD_METRICS);
  return report => {
    requests.inc(report);
    if (report.remaining !== undefined) remaining.set(report.remaining);
  };
}
