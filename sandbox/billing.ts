import { sizeBySlug } from './catalog.ts';
import type { UsageRecord } from './records.ts';

/** What droplets cost at list price. */
export interface Bill {
  readonly dropletHours: number;
  /** US dollars. */
  readonly price: number;
  /** One line for each droplet and size. */
  readonly lines: readonly BillLine[];
}

interface BillLine {
  readonly dropletId: number;
  readonly name: string;
  readonly size: string;
  readonly hours: number;
  readonly price: number;
}

const HOUR = 3_600_000;

/** Hours are exact, not rounded up; a month never costs more than the size's monthly price. */
export function billOf(usage: Iterable<UsageRecord>, now: number): Bill {
  const lines = [...usage].map(record => lineOf(record, now));
  return {
    dropletHours: sum(lines.map(line => line.hours)),
    price: sum(lines.map(line => line.price)),
    lines,
  };
}

function lineOf({ dropletId, name, size, from, to }: UsageRecord, now: number): BillLine {
  const until = Math.max(from, Math.min(to ?? now, now));
  return { dropletId, name, size, hours: (until - from) / HOUR, price: priceOf(size, from, until) };
}

function priceOf(slug: string, from: number, until: number): number {
  const size = sizeBySlug(slug);
  if (size === undefined) return 0;
  let price = 0;
  for (let start = from; start < until;) {
    const end = Math.min(until, nextMonth(start));
    price += Math.min(((end - start) / HOUR) * size.priceHourly, size.priceMonthly);
    start = end;
  }
  return price;
}

function nextMonth(time: number): number {
  const date = new Date(time);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);
