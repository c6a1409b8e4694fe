import type { ImageConfig } from './model.ts';

/**
 * How a container is to behave, from `DROPFLEET_REHEARSE` in its environment: `never-healthy`, `exits`,
 * `exits-after=20s`, `sick-after=20s`, `slow-start=5s`, `fails`.
 */
export interface Rehearsal {
  readonly kind: 'well' | 'never-healthy' | 'exits' | 'sick' | 'slow' | 'fails';
  readonly afterMs: number;
}

const WELL: Rehearsal = { kind: 'well', afterMs: 0 };

const KINDS: Readonly<Record<string, Rehearsal['kind']>> = {
  'never-healthy': 'never-healthy',
  exits: 'exits',
  'exits-after': 'exits',
  'sick-after': 'sick',
  'slow-start': 'slow',
  fails: 'fails',
};

export function rehearsalOf({ Env }: Pick<ImageConfig, 'Env'>): Rehearsal {
  const text = variable(Env, 'DROPFLEET_REHEARSE');
  const [, name = '', time] = /^([a-z-]+)(?:=(.*))?$/.exec(text ?? '') ?? [];
  const kind = KINDS[name];
  return kind === undefined ? WELL : { kind, afterMs: time === undefined ? 0 : milliseconds(time) };
}

/** The last of that name counts. */
export const variable = (env: readonly string[], name: string): string | undefined =>
  env.findLast(line => line.startsWith(`${name}=`))?.slice(name.length + 1);

/** `500ms`, `20s`, `5m`, `1h`, or seconds. */
export function milliseconds(text: string): number {
  const units: Record<string, number> = { ms: 1, '': 1000, s: 1000, m: 60_000, h: 3_600_000 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smh]?)/g)];
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * units[unit!]!, 0);
}
