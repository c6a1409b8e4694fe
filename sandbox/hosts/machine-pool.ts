import type { ActionRecord, ImageRecord } from '../account/records/records.ts';
import type { Change, State } from '../account/records/state.ts';
import type { Ending, Machines } from '../account/context.ts';
import { createConcerned, type Concerned } from './concerned.ts';
import { createCrew, type Crew } from './crew.ts';
import { isHostError, type HostDriver, type HostFault, type HostSpec } from './driver.ts';
import { hostSpec } from './host-spec.ts';
import { createKeepsakes, type Keepsakes } from './keepsakes.ts';

/** What a pool of machines is made of. */
export interface MachinePoolOptions {
  readonly state: State;
  readonly driver: HostDriver;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told once for each new reason why a machine is not as it should be; a sentence for a person. */
  readonly onProblem: (message: string) => void;
  /** Calls back after so many milliseconds; returns what takes it back. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

/** How a machine stands to what it should be. */
export interface HostState {
  readonly state: 'ready' | 'working' | 'failing';
  /** Why it fails. */
  readonly message?: string;
}

/** Keeps the machines equal to the records. */
export interface MachinePool extends Machines, Pick<HostDriver, 'kind' | 'sshPort' | 'operatorAddress'> {
  /** Destroys what belongs to no record and begins to converge the rest. */
  start(): Promise<void>;
  /** Must hear of every transaction. */
  changed(changes: readonly Change[]): void;
  /** How the machine of that droplet is. */
  stateOf(id: number): HostState;
  setFault(id: number, fault: HostFault): Promise<void>;
  faultsOf(id: number): Promise<readonly HostFault[]>;
  clearFaults(id: number, type?: HostFault['type']): Promise<void>;
  /** Resolves when everything was made as it should be, or failed and waits for its next try. */
  settled(): Promise<void>;
  /** Lets what is under way end, begins nothing more, and closes the driver. */
  close(): Promise<void>;
}

/** What failed is tried again after this long: a daemon that went away comes back. */
const RETRY_MS = 5_000;

/**
 * One worker for each droplet at a time. It looks at the records as they are, never at what changed: so whatever
 * is missed, repeated or cut off, the next look mends.
 */
export function createMachinePool(options: MachinePoolOptions): MachinePool {
  return new Pool(options);
}

class Pool implements MachinePool {
  readonly #options: MachinePoolOptions;
  readonly #stop = new AbortController();
  readonly #crew: Crew;
  /** What each machine was last made equal to, as JSON. */
  readonly #made = new Map<number, { text: string; volumes: readonly string[] }>();
  readonly #endings = new Map<number, Ending>();
  readonly #problems = new Map<number, string>();
  #keepsakes: Keepsakes | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  readonly #concerned: Concerned;
  /** What changed since the last sync; none once a sync has to be of everything. */
  #changes: Change[] | undefined;
  #isSyncDue = false;

  readonly kind: HostDriver['kind'];
  readonly sshPort: number;
  readonly operatorAddress: string;

  constructor(options: MachinePoolOptions) {
    this.#options = options;
    this.kind = options.driver.kind;
    this.sshPort = options.driver.sshPort;
    this.operatorAddress = options.driver.operatorAddress;
    this.#concerned = createConcerned(options.state);
    this.#crew = createCrew({
      work: id => this.#attempt(id),
      onFree: () => this.#sweep(),
      after: options.after,
    });
  }

  async start(): Promise<void> {
    const { state, driver } = this.#options;
    const inventory = await driver.inventory();
    for (const id of inventory.hosts) if (state.get('droplets', id) === undefined) await driver.destroy(id);
    this.#keepsakes = createKeepsakes(state, driver, inventory);
    this.#sync();
  }

  endingOf(action: ActionRecord): Ending | undefined {
    if (action.fails) return { at: action.endsAt, failed: true };
    const machineAt = this.#options.state.get('droplets', action.dropletId!)?.machineAt;
    if (action.effect.kind === 'boot' && machineAt !== undefined) return { at: action.endsAt, failed: false };
    const ending = this.#endings.get(action.id);
    return ending && { ...ending, at: Math.max(ending.at, action.endsAt) };
  }

  changed(changes: readonly Change[]): void {
    // Once its end is in the records, nobody asks for it any more.
    for (const [collection, id, record] of changes)
      if (collection === 'actions' && (record as ActionRecord).status !== 'in-progress')
        this.#endings.delete(Number(id));
    this.#changes?.push(...changes);
    if (this.#isSyncDue) return;
    this.#isSyncDue = true;
    setImmediate(() => this.#sync());
  }

  stateOf(id: number): HostState {
    const message = this.#problems.get(id);
    if (message !== undefined) return { state: 'failing', message };
    return { state: this.#crew.isAt(id) ? 'working' : 'ready' };
  }

  async setFault(id: number, fault: HostFault): Promise<void> {
    await this.#crew.exclusively(id, () => this.#options.driver.setFault(id, fault));
  }

  faultsOf(id: number): Promise<readonly HostFault[]> {
    return this.#options.driver.faultsOf(id);
  }

  async clearFaults(id: number, type?: HostFault['type']): Promise<void> {
    await this.#crew.exclusively(id, () => this.#options.driver.clearFaults(id, type));
  }

  async settled(): Promise<void> {
    while (this.#isSyncDue || !this.#crew.isIdle()) {
      // A sync that is due comes before this does.
      await new Promise<void>(resolve => setImmediate(resolve));
      await this.#crew.idle();
    }
    await this.#sweeping;
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('the sandbox stops'));
    await this.#crew.close();
    await this.#sweeping;
    await this.#options.driver.close();
  }

  /**
   * Finds the machines that are not what they should be, among those whom the changes of the records concern; at
   * the start and after trouble among all.
   */
  #sync(): void {
    this.#isSyncDue = false;
    if (this.#stop.signal.aborted) return;
    const concerned = this.#changes === undefined ? this.#concerned.all() : this.#concerned.by(this.#changes);
    this.#changes = [];
    const toBackUp = new Set(this.#missingBackups().map(({ dropletId }) => dropletId));
    this.#sweep();
    for (const id of concerned) if (toBackUp.has(id) || !this.#isAsItShouldBe(id)) this.#askFor(id);
  }

  /** No machine is made before its time. */
  #askFor(id: number): void {
    const { state, now } = this.#options;
    const wait = (state.get('droplets', id)?.machineAt ?? 0) - now();
    if (wait > 0 && !this.#crew.isPutOff(id)) this.#crew.askLater(id, wait);
    else this.#crew.ask(id);
  }

  #isAsItShouldBe(id: number): boolean {
    const { state } = this.#options;
    const droplet = state.get('droplets', id);
    if (droplet === undefined) return !this.#made.has(id);
    return (
      this.#pendingAction(id) === undefined &&
      this.#made.get(id)?.text === JSON.stringify(hostSpec(state, droplet))
    );
  }

  async #attempt(id: number): Promise<void> {
    try {
      await this.#bringAbout(id);
      this.#problems.delete(id);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#complain(id, error);
      this.#crew.askLater(id, RETRY_MS);
      this.#changes = undefined;
    }
  }

  /** Makes one machine what it should be, or takes it away. */
  async #bringAbout(id: number): Promise<void> {
    const { state, driver } = this.#options;
    const droplet = state.get('droplets', id);
    if (droplet === undefined) {
      await driver.destroy(id);
      this.#made.delete(id);
      return;
    }
    const spec = hostSpec(state, droplet);
    const action = this.#pendingAction(id);
    if (action === undefined) await this.#converge(spec);
    else await this.#end(action, spec);
    await this.#takeBackups(id);
  }

  async #end(action: ActionRecord, spec: HostSpec): Promise<void> {
    const { now } = this.#options;
    try {
      const size = await this.#carryOut(action, spec);
      this.#endings.set(action.id, { at: now(), failed: false, ...(size !== undefined && { size }) });
    } catch (error) {
      // A droplet that was accepted is waited for; any other action has ended, badly.
      if (action.effect.kind === 'boot') throw error;
      this.#endings.set(action.id, { at: now(), failed: true });
      this.#complain(spec.id, error);
    }
  }

  async #carryOut({ effect }: ActionRecord, spec: HostSpec): Promise<number | undefined> {
    const { driver } = this.#options;
    if (effect.kind === 'snapshot') {
      const size = await driver.takeSnapshot(spec.id, effect.id);
      this.#keepsakes?.noteSnapshot(effect.id);
      return size;
    }
    // Of the files as they were.
    if (effect.kind === 'rebuild') await this.#takeBackups(spec.id);
    if (effect.kind === 'restart') await driver.restart(spec, effect.how);
    await this.#converge(spec);
    return undefined;
  }

  async #takeBackups(droplet: number): Promise<void> {
    for (const { id, dropletId } of this.#missingBackups()) {
      if (dropletId !== droplet) continue;
      await this.#options.driver.takeSnapshot(droplet, id);
      this.#keepsakes?.noteSnapshot(id);
    }
  }

  #missingBackups(): readonly ImageRecord[] {
    return this.#keepsakes?.missingBackups() ?? [];
  }

  async #converge(spec: HostSpec): Promise<void> {
    const text = JSON.stringify(spec);
    const made = this.#made.get(spec.id);
    if (made?.text === text) return;
    const volumes = spec.volumes.map(({ id }) => id);
    // Until it is through, the machine is neither what it was nor what it will be.
    this.#made.set(spec.id, { text: '', volumes: [...(made?.volumes ?? []), ...volumes] });
    // A volume that is made from a snapshot has its files before it is attached.
    await this.#sweeping;
    await this.#options.driver.converge(spec, this.#stop.signal);
    this.#made.set(spec.id, { text, volumes });
    this.#keepsakes?.noteVolumes(volumes);
  }

  #sweep(): void {
    const attached = new Set([...this.#made.values()].flatMap(({ volumes }) => volumes));
    this.#sweeping = this.#sweeping
      .then(() => this.#keepsakes?.sweep(attached))
      .catch((error: unknown) =>
        this.#options.onProblem(`What is kept of machines is behind: ${reasonOf(error)}`),
      );
  }

  /** The action under way whose part on the machine is still to be done. */
  #pendingAction(id: number): ActionRecord | undefined {
    const { state } = this.#options;
    const actionId = state.get('droplets', id)?.actionId;
    const action = actionId === undefined ? undefined : state.get('actions', actionId);
    return action === undefined || action.fails || this.#endings.has(action.id) ? undefined : action;
  }

  #complain(id: number, error: unknown): void {
    const why = reasonOf(error);
    if (this.#problems.get(id) === why) return;
    this.#problems.set(id, why);
    this.#options.onProblem(`The machine of droplet ${id} is not as it should be: ${why}`);
  }
}

const reasonOf = (error: unknown): string =>
  isHostError(error) ? error.message : `unexpected: ${String(error)}`;
