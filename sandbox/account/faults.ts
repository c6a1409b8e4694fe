/** When a fault strikes, and how hard. With neither `next` nor `probability` it strikes always. */
interface Fault {
  /** It strikes this many times more, then it is over. */
  readonly next?: number;
  /** It strikes with this probability, 0 to 1. */
  readonly probability?: number;
  /** How long what it causes lasts, in milliseconds. */
  readonly ms?: number;
  /** Only this operation is struck, such as `droplets.create`. */
  readonly operation?: string;
}

/** Everything that goes wrong on request; each was seen at DigitalOcean. */
export const FAULTS = {
  listLag: 'a new droplet is missing from lists for `ms`',
  notFoundAfterCreate: 'a new droplet answers 404 by its id for `ms`',
  keyNotReady: 'a new SSH key answers 404, and droplets refuse it, for `ms`',
  sshLag: 'a new droplet is active, and its host boots and answers SSH only `ms` later',
  deleteLag: 'a deleted droplet is still shown, locked, for `ms`',
  vanish: 'a new droplet is accepted and then gone after `ms`, its action errored',
  slowSnapshot: 'a snapshot takes `ms` longer',
  actionErrored: 'an action is accepted and ends as errored, without its effect',
  pendingEvent: 'an action or a delete is refused: 422 Droplet already has a pending event.',
  quota: 'a create is refused: 422 for a limit of the account',
  reuseAddress: 'a new droplet gets the public address that was given back last',
  gatewayTimeout: 'the request is carried out, but answered by a gateway: 504 with HTML',
  serverError: 'the request is refused with 500, and not carried out',
  burstLimit: 'the request is refused with 429 and retry-after',
  hourlyLimit: 'the request is refused with 429 and no retry-after',
} as const;

/** Such as `listLag`. */
export type FaultName = keyof typeof FAULTS;

/** Switches by name; null switches one off. */
type FaultSettings = { readonly [N in FaultName]?: Fault | null };

/** The switches of one sandbox. */
export interface Faults {
  /** Sets the switches that are named and leaves the others. Throws RangeError for what is no fault. */
  set(settings: FaultSettings): void;
  /** What is switched on, with what is left of `next`. */
  get(): { readonly [N in FaultName]?: Fault };
  /** Switches everything off. */
  clear(): void;
  /** Whether the fault strikes `operation` now; counts one of `next` when it does. */
  take(name: FaultName, operation: string): Fault | undefined;
}

/** A fault may name only an operation that `operations` has; undefined takes any. */
export function createFaults(random: () => number, operations?: ReadonlySet<string>): Faults {
  const active = new Map<FaultName, Fault>();
  return {
    set(settings) {
      const entries = Object.entries(settings).map(([name, fault]) => [faultName(name), fault] as const);
      for (const [name, fault] of entries) if (fault !== null) check(name, fault, operations);
      for (const [name, fault] of entries) {
        if (fault === null) active.delete(name);
        else active.set(name, { ...fault });
      }
    },
    get: () => Object.fromEntries(active),
    clear: () => active.clear(),
    take(name, operation) {
      const fault = active.get(name);
      if (fault === undefined) return undefined;
      if (fault.operation !== undefined && fault.operation !== operation) return undefined;
      if (fault.probability !== undefined && random() >= fault.probability) return undefined;
      if (fault.next === 1) active.delete(name);
      else if (fault.next !== undefined) active.set(name, { ...fault, next: fault.next - 1 });
      return fault;
    },
  };
}

function faultName(name: string): FaultName {
  if (Object.hasOwn(FAULTS, name)) return name as FaultName;
  const known = Object.keys(FAULTS).join(', ');
  throw new RangeError(
    `There is no fault "${name}". There are: ${known}; those of a machine are set on its droplet (--droplet).`,
  );
}

const FIELDS: Readonly<Record<keyof Fault, (value: unknown) => boolean>> = {
  next: value => Number.isInteger(value) && (value as number) > 0,
  probability: value => typeof value === 'number' && value >= 0 && value <= 1,
  ms: value => typeof value === 'number' && value >= 0 && Number.isFinite(value),
  operation: value => typeof value === 'string',
};

function check(name: FaultName, fault: unknown, operations: ReadonlySet<string> | undefined): void {
  if (typeof fault !== 'object' || fault === null)
    throw new RangeError(`The fault ${name} takes an object such as {"next": 1}, or null.`);
  for (const [field, value] of Object.entries(fault))
    if (!Object.hasOwn(FIELDS, field) || !FIELDS[field as keyof Fault](value))
      throw new RangeError(
        `The fault ${name} cannot have ${field}: ${JSON.stringify(value)}. It takes next (1 or more), ` +
          'probability (0 to 1), ms (0 or more) and operation (such as droplets.create).',
      );
  const { operation } = fault as Fault;
  if (operation !== undefined && operations?.has(operation) === false)
    throw new RangeError(
      `There is no operation "${operation}" for the fault ${name}. There are: ${[...operations].join(', ')}.`,
    );
}
