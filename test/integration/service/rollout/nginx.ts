/** A request that is under way. */
interface Visit {
  address: string;
  generation: number;
  until: number;
}

/** For how long after a reload a worker may not know that it is old, ms. */
const UNAWARE_MS = 500;

/** The nginx of a master, as far as one service goes, and those who visit it. */
export class FakeNginx {
  upstream: readonly string[] = [];
  #former: readonly string[] = [];
  #reloadedAt = -Infinity;
  #generation = 0;
  #visits: Visit[] = [];

  reload(upstream: readonly string[], now: number): void {
    this.#former = this.upstream;
    this.upstream = upstream;
    this.#reloadedAt = now;
    this.#generation++;
  }

  /** Lets requests end and others begin. */
  tick(now: number, chance: () => number): void {
    this.#visits = this.#visits.filter(({ until }) => until > now);
    if (chance() < 0.3) this.#visit(this.upstream, this.#generation, now, chance);
    if (now - this.#reloadedAt < UNAWARE_MS && chance() < 0.5)
      this.#visit(this.#former, this.#generation - 1, now, chance);
  }

  #visit(upstream: readonly string[], generation: number, now: number, chance: () => number): void {
    const address = upstream[Math.floor(chance() * upstream.length)];
    if (address !== undefined)
      this.#visits.push({ address, generation, until: now + 100 + chance() ** 3 * 40_000 });
  }

  /** Why nobody may end what is at the address; undefined when somebody may. */
  useOf(address: string): string | undefined {
    if (this.upstream.includes(address)) return 'the load balancer sends requests to it';
    return this.#visits.some(visit => visit.address === address) ? 'a request to it is in flight' : undefined;
  }

  /** What scripts/drain.sh prints. */
  observeDrain(addresses: readonly string[]): string {
    const old = new Set(
      this.#visits.map(({ generation }) => generation).filter(one => one < this.#generation),
    );
    const open = addresses.map(
      address => `open\t${address}\t${this.#visits.filter(visit => visit.address === address).length}`,
    );
    return [`old\t${old.size}`, ...open, 'end', ''].join('\n');
  }
}
