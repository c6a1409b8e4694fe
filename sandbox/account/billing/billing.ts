import { BILLED_HOURS, sizeBySlug } from '../catalog.ts';
import type { ChargeRecord, UsageRecord } from '../records/billing-records.ts';

/** What the account costs at list price. */
export interface Bill {
  readonly dropletHours: number;
  /** US dollars, for everything. */
  readonly price: number;
  /** One line for each droplet and size. */
  readonly lines: readonly BillLine[];
  /** One line for each stretch of time that a volume, a snapshot, backups or an idle reserved IP is paid for. */
  readonly charges: readonly ChargeLine[];
}

interface BillLine {
  readonly dropletId: number;
  readonly name: string;
  readonly size: string;
  readonly hours: number;
  readonly price: number;
}

interface ChargeLine {
  readonly kind: ChargeRecord['kind'];
  readonly resource: string;
  readonly name: string;
  readonly hours: number;
  readonly price: number;
}

const HOUR = 3_600_000;

/** Hours are exact, not rounded up; a month never costs more than the monthly price. */
export function billOf(usage: Iterable<UsageRecord>, charges: Iterable<ChargeRecord>, now: number): Bill {
  const lines = [...usage].map(record => dropletLine(record, now));
  const others = [...charges].map(record => chargeLine(record, now));
  return {
    dropletHours: sum(lines.map(line => line.hours)),
    price: sum([...lines, ...others].map(line => line.price)),
    lines,
    charges: others,
  };
}

function dropletLine(usage: UsageRecord, now: number): BillLine {
  const { dropletId, name, size } = usage;
  const { priceHourly = 0, priceMonthly = 0 } = sizeBySlug(size) ?? {};
  return { dropletId, name, size, ...costOf(usage, now, priceHourly, priceMonthly) };
}

function chargeLine(charge: ChargeRecord, now: number): ChargeLine {
  const { kind, resource, name, monthly } = charge;
  return { kind, resource, name, ...costOf(charge, now, monthly / BILLED_HOURS, monthly) };
}

function costOf(
  { from, to }: { readonly from: number; readonly to?: number },
  now: number,
  hourly: number,
  monthly: number,
): { hours: number; price: number } {
  const until = Math.max(from, Math.min(to ?? now, now));
  let price = 0;
  for (let start = from; start < until;) {
    const end = Math.min(until, nextMonth(start));
    price += Math.min(((end - start) / HOUR) * hourly, monthly);
    start = end;
  }
  return { hours: (until - from) / HOUR, price };
}

function nextMonth(time: number): number {
  const date = new Date(time);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);
