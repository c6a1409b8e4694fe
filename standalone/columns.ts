import type { PrinterColumn } from '../crds/schema.ts';
import { isJsonObject, readPath, type ApiObject } from './object.ts';

/** One column of a Table. */
export interface Column {
  name: string;
  type: string;
  /** `name` marks the column that holds the object's name. */
  format: string;
  description: string;
  /** Above 0: only with `-o wide`. */
  priority: number;
  /** The cell; null shows as empty. `now` is in milliseconds. */
  value: (object: ApiObject, now: number) => unknown;
}

const STEP = /((?:\.[A-Za-z_][\w-]*)+)|\[\?\(@\.(\w+)\s*==\s*["']([^"']*)["']\)\]/y;

/** The first column of nearly every kind. */
export const NAME: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'The name is unique within a namespace and a kind.',
  priority: 0,
  value: object => object.metadata.name,
};

/** How long ago a timestamp was, as kubectl says it. */
export function ageOf(timestamp: unknown, now: number): string {
  const time = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(time) ? '<unknown>' : humanDuration(now - time);
}

/** The column that a CRD asks for; `values` has those that its JSONPath does not give. */
export function columnOf(
  { name, type, jsonPath, description = '', priority = 0 }: PrinterColumn,
  values: Record<string, Column['value']> = {},
): Column {
  const read = compileJsonPath(jsonPath);
  const value: Column['value'] = (object, now) => toCell(type, read(object) ?? null, now);
  const format = name === NAME.name ? NAME.format : '';
  return { name, type, format, description, priority, value: values[name] ?? value };
}

function toCell(type: PrinterColumn['type'], value: unknown, now: number): unknown {
  if (value === null) return null;
  if (type === 'date') return ageOf(value, now);
  if (type === 'string') return typeof value === 'string' ? value : JSON.stringify(value);
  return typeof value === (type === 'integer' ? 'number' : type) ? value : null;
}

/**
 * Compiles the subset of JSONPath that printer columns use: `.a.b` and `[?(@.type=="Ready")]`. The result gives the first
 * match, or undefined. Throws on anything else, so that a column that would stay empty is noticed at start-up.
 */
export function compileJsonPath(path: string): (object: unknown) => unknown {
  const steps: ((value: unknown) => unknown)[] = [];
  const pattern = new RegExp(STEP);
  while (pattern.lastIndex < path.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(path);
    if (match === null) throw new Error(`JSONPath ${path} is not supported at position ${at}.`);
    const [, fields, key, wanted] = match;
    const isWanted = (item: unknown): boolean => isJsonObject(item) && item[key!] === wanted;
    if (fields !== undefined) steps.push(value => readPath(value, fields.split('.').slice(1)));
    else steps.push(value => (Array.isArray(value) ? value.find(isWanted) : undefined));
  }
  return object => steps.reduce((value, step) => step(value), object);
}

/**
 * A span as kubectl's AGE column shows it (k8s.io/apimachinery duration.HumanDuration): coarser the longer
 * it is.
 */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 192) return two(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  const years = Math.trunc(days / 365);
  return days < 365 * 8 ? two(years, 'y', days % 365, 'd') : `${years}y`;
}

const two = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
