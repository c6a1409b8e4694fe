/** Where a process dies: at its `effect`-th change of the outside world, from 1. */
export interface CrashPoint {
  readonly effect: number;
  /** Before the request is sent, or when its reply has arrived and the program has not seen it. */
  readonly phase: 'before' | 'after';
}

/** What the program was about to do, or had just done, when it died. */
export interface Death {
  readonly point: CrashPoint;
  /** Such as `patch Droplet/status shop-web1` or `createDroplet shop-web1`. */
  readonly what: string;
}

/** One process's life, as far as the world sees it: every call goes through here, and none after its death. */
export class Life {
  /** Every effect since it was armed, in order. */
  readonly effects: string[] = [];
  /** Resolves at the death. */
  readonly died: Promise<Death>;
  readonly #die: (death: Death) => void;
  #isArmed = false;
  #isDead = false;
  #point: CrashPoint | undefined;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<Death>();
    this.died = promise;
    this.#die = resolve;
  }

  /** From now on effects are counted; at the point, if there is one, the process dies. */
  arm(point?: CrashPoint): void {
    this.#isArmed = true;
    this.#point = point;
  }

  /** Makes a call that only reads. */
  async read<T>(call: () => Promise<T>): Promise<T> {
    if (this.#isDead) return await never();
    return await this.#seen(call());
  }

  /** Makes a call that changes something. */
  async change<T>(what: string, call: () => Promise<T>): Promise<T> {
    if (this.#isDead) return await never();
    const number = this.#isArmed ? this.effects.push(what) : 0;
    if (this.#endsAt(number, 'before')) return await never();
    const reply = call();
    await reply.catch(() => undefined);
    this.#endsAt(number, 'after');
    return await this.#seen(reply);
  }

  /** Passes on what comes, until the death; what is iterated then never ends. */
  async *watch<T>(events: AsyncIterable<T>): AsyncGenerator<T> {
    if (this.#isDead) await never();
    try {
      for await (const event of events) {
        if (this.#isDead) await never();
        yield event;
      }
    } catch (error) {
      if (this.#isDead) await never();
      throw error;
    }
  }

  #endsAt(effect: number, phase: CrashPoint['phase']): boolean {
    const point = this.#point;
    if (this.#isDead || point?.effect !== effect || point.phase !== phase) return false;
    this.#isDead = true;
    this.#die({ point, what: this.effects[effect - 1]! });
    return true;
  }

  /** The reply, unless the process died while it was under way. */
  async #seen<T>(reply: Promise<T>): Promise<T> {
    await reply.catch(() => undefined);
    if (this.#isDead) return await never();
    return await reply;
  }
}

const never = (): Promise<never> => new Promise(() => undefined);
