import type { Machine } from '../model.ts';
import { engineOf, haltEngine, resumeEngine } from './engine.ts';
import type { EngineKind } from './model.ts';
import { readDaemonSettings } from './daemon-settings.ts';

/** What a shell says of a program that SIGTERM ended. */
const TERMINATED = 143;

const KINDS: readonly EngineKind[] = ['docker', 'podman'];

/** After a boot nothing runs; podman, which has no daemon, starts again at once what is to run. */
export function stopContainers(machine: Machine): void {
  for (const kind of KINDS) {
    if (machine.system.engines?.[kind] === undefined) continue;
    const engine = engineOf(machine, kind);
    haltEngine(engine, TERMINATED);
    if (kind === 'podman') resumeEngine(engine);
  }
}

/** docker's daemon: its containers end with it, unless they are to live on. Throws SyntaxError for its settings. */
export function switchDaemon(machine: Machine, what: 'start' | 'stop' | 'reload'): void {
  const engine = engineOf(machine, 'docker');
  if (what === 'stop') {
    if (machine.system.engines?.docker !== undefined && !engine.state().settings.isLiveRestore)
      haltEngine(engine, TERMINATED);
    return;
  }
  const settings = readDaemonSettings(machine);
  const { settings: before } = engine.state();
  if (JSON.stringify(settings) !== JSON.stringify(before)) engine.update({ settings });
  if (what === 'start' && machine.system.engines?.docker !== undefined) resumeEngine(engine);
}
