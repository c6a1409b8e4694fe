import type { Machine } from '../model.ts';
import { removeLog, writeLog } from './logs.ts';
import { halted, settled, started, type Passage } from './lifetime.ts';
import { EMPTY_ENGINE, type Container, type EngineKind, type EngineState } from './model.ts';

/** An engine of a machine. */
export interface Engine {
  readonly kind: EngineKind;
  readonly machine: Machine;
  /** Time as containers have it: no skew of the machine's clock moves it. */
  readonly now: () => number;
  /** What there is now, as time has left it. */
  readonly state: () => EngineState;
  update(changes: Partial<EngineState>): void;
  /** Puts one container in its place, or away. */
  put(container: Container): void;
  drop(id: string): void;
}

export function engineOf(machine: Machine, kind: EngineKind): Engine {
  const now = (): number => machine.clock.now();
  const replace = (state: EngineState): void => {
    machine.system = { ...machine.system, engines: { ...machine.system.engines, [kind]: state } };
  };
  const engine: Engine = {
    kind,
    machine,
    now,
    state() {
      const kept = machine.system.engines?.[kind] ?? EMPTY_ENGINE;
      const containers = kept.containers.flatMap(container => passed(engine, container));
      const isSame =
        containers.length === kept.containers.length &&
        containers.every((container, index) => container === kept.containers[index]);
      if (isSame) return kept;
      const next = { ...kept, containers };
      replace(next);
      return next;
    },
    update: changes => replace({ ...engine.state(), ...changes }),
    put(container) {
      const { containers } = engine.state();
      const isThere = containers.some(({ id }) => id === container.id);
      const others = containers.map(other => (other.id === container.id ? container : other));
      engine.update({ containers: isThere ? others : [...containers, container] });
    },
    drop(id) {
      removeLog(machine, id);
      engine.update({ containers: engine.state().containers.filter(container => container.id !== id) });
    },
  };
  return engine;
}

/** What became of a container; nothing of one that removes itself when it ends. */
function passed({ machine, now }: Engine, before: Container): Container[] {
  const { container, passages } = settled(before, now());
  for (const passage of passages) writeLog(machine, before.id, passage.at, textOf(before, passage));
  if (container.status !== 'exited' || !before.config.removesItself) return [container];
  if (passages.length === 0) return [container];
  removeLog(machine, before.id);
  return [];
}

function textOf({ config }: Container, { what, exitCode }: Passage): string {
  if (what === 'started') return startLine(config.Env);
  return exitCode === 0 ? 'done (an emulated container: no code is run)' : 'exiting, as rehearsed';
}

const startLine = (env: readonly string[]): string => {
  const of = (name: string): string =>
    env.findLast(line => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  const what = [of('DROPFLEET_SERVICE'), of('DROPFLEET_VERSION')].filter(text => text !== '').join(' ');
  return `started${what === '' ? '' : ` ${what}`} (an emulated container: no code is run)`;
};

/** Starts a container. */
export function startContainer(engine: Engine, container: Container): Container {
  const { machine } = engine;
  const running = started(container, engine.now(), 1000 + Math.floor(machine.random() * 30_000));
  writeLog(machine, container.id, engine.now(), startLine(container.config.Env));
  engine.put(running);
  return running;
}

/** What the end of the machine, or of its engine, does to the containers. */
export function haltEngine(engine: Engine, exitCode: number): void {
  const { containers } = engine.state();
  if (containers.length === 0) return;
  engine.update({ containers: containers.map(container => halted(container, engine.now(), exitCode)) });
}

/** Starts what is to run again; what lacks its volume's folder stays as it is, and is not tried again. */
export function resumeEngine(engine: Engine): void {
  for (const container of engine.state().containers)
    if (
      container.resumes &&
      container.config.publications.every(({ address }) => hasAddress(engine, address)) &&
      missingDevice(engine, container) === undefined
    )
      startContainer(engine, container);
}

/** Whether something can be published at that address of the machine; one that a snapshot made has another than before. */
export function hasAddress({ machine: { spec, system } }: Engine, address: string): boolean {
  const own = [spec.addresses.public, spec.addresses.private, ...(system.loopback ?? [])];
  return address === '0.0.0.0' || address.startsWith('127.') || own.includes(address);
}

/** The first volume of a container that a folder stands for which is not there. */
export function missingDevice(
  { state, machine: { files } }: Engine,
  { config }: Container,
): { name: string; device: string } | undefined {
  for (const { type, source } of config.mounts) {
    const device = type === 'volume' ? state().volumes[source]?.device : undefined;
    if (device !== undefined && files.find(device)?.type !== 'directory') return { name: source, device };
  }
  return undefined;
}
