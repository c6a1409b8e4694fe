import type { ServiceDeployment } from '../../../../crds/service-deployment.ts';
import { fateOf } from './engine.ts';

/** So long a release has to serve until it is one to go back to, ms. */
const MINUTE_MS = 60_000;

/** Tells which releases have served their whole first minute, and when one is gone back to that has not. */
export class Returns {
  #serving: { release: string; since: number } | undefined;
  readonly #good = new Set<string>();
  #history: readonly { release?: string; version: string }[] = [];

  /** Takes note of a status as it is written; says what is wrong with it. */
  note({ status = {} }: ServiceDeployment, now: number): string | undefined {
    const { release, rejected, version } = status;
    const before = this.#serving;
    const past = this.#history;
    this.#history = status.history ?? [];
    if (release === undefined || before?.release === release) {
      if (before === undefined && release !== undefined) this.#serving = { release, since: now };
      return undefined;
    }
    if (before !== undefined && now - before.since >= MINUTE_MS) this.#good.add(before.release);
    this.#serving = { release, since: now };
    const isReturn = rejected !== undefined && past.some(one => one.release === release);
    const better = past.find(one => this.#good.has(one.release ?? ''));
    if (!isReturn || this.#good.has(release) || better === undefined) return undefined;
    return `${version} (${release}) is gone back to, which never served for a minute; ${better.version} did`;
  }

  /** Whether one that goes on well has served for a minute, and could be gone back to. */
  hasGood(): boolean {
    return this.#history.some(one => this.#good.has(one.release ?? '') && fateOf(one.version) === 'good');
  }
}
