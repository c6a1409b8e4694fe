import { EngineError } from '../engine-error.ts';
import type { Image } from '../model.ts';

/** Whether labels are as `label=k` or `label=k=v` asks. */
export function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const at = wanted.indexOf('=');
  if (at < 0) return Object.hasOwn(labels, wanted);
  return labels[wanted.slice(0, at)] === wanted.slice(at + 1);
}

/** `name=value` of a `--filter`. */
export function filterOf(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 0) throw new EngineError(`bad format of filter (expected name=value)`, { isClients: true });
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Whether an image is as all the filters ask. */
export function fitsImage(image: Image, filters: readonly string[], now: number): boolean {
  return filters.every(filter => {
    const [name, value] = filterOf(filter);
    if (name === 'label') return hasLabel(image.config.Labels, value);
    if (name === 'label!') return !hasLabel(image.config.Labels, value);
    if (name === 'dangling') return (image.tags.length === 0) === (value === 'true');
    if (name === 'until') return image.created <= now - durationOf(value);
    if (name === 'reference') return image.tags.some(tag => matchesReference(tag, value));
    throw new EngineError(`invalid filter '${name}'`);
  });
}

/** `24h`, `10m`. */
const durationOf = (text: string): number => {
  const units: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000 };
  return [...text.matchAll(/(\d+)([smh])/g)].reduce((sum, [, n, unit]) => sum + Number(n) * units[unit!]!, 0);
};

/** `dropfleet/*`, `dropfleet/shop:v*`, with or without the registry. */
export function matchesReference(name: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  const expression = new RegExp(`^(?:docker\\.io/(?:library/)?|localhost/)?${source}$`);
  return expression.test(name) || expression.test(name.replace(/:[^/:]*$/, ''));
}
