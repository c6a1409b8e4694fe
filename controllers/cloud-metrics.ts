import { Counter, Gauge, type Registry } from 'prom-client';
import type { RequestReport } from '../clients/digitalocean/caller.ts';

/** Registers what is counted about the calls to the cloud; the function takes a report of each. */
export function registerCloudMetrics(registry: Registry): (report: RequestReport) => void {
  const requests = new Counter({
    name: 'dropfleet_cloud_requests_total',
    help: 'Requests to DigitalOcean by operation and HTTP status, or the network error where there was none.',
    labelNames: ['operation', 'code'],
    registers: [registry],
  });
  const remaining = new Gauge({
    name: 'dropfleet_cloud_rate_limit_remaining',
    help: "Requests that the token's hourly limit still allows, as DigitalOcean last said.",
    registers: [registry],
  });
  // Until an answer says it, it is not known: 0 would alarm, of an operator that only stands by.
  remaining.remove();
  return report => {
    requests.inc({ operation: report.operation, code: report.code });
    if (report.remaining !== undefined) remaining.set(report.remaining);
  };
}
