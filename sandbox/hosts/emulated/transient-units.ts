import type { Machine, Process } from './model.ts';
import { log } from './machine.ts';
import { forgetService, putService } from './services.ts';
import { execute } from './shell/execute.ts';
import { emptyInput, type Output } from './shell/streams.ts';
import type { ServiceState, TransientFacts } from './system.ts';

/** What systemd-run asks for. */
export interface UnitOrder {
  readonly name: string;
  /** The process as it begins: its arguments, folder and environment. */
  readonly process: Process;
  /** A file that takes its output; else the journal does. */
  readonly outputFile: string | undefined;
  /** How long it may take, in milliseconds; 0 for as long as it likes. */
  readonly limitMs: number;
  readonly facts: TransientFacts;
}

/** What ends the processes of a machine's units, by the unit's name. */
const running = new WeakMap<Machine, Map<string, AbortController>>();

const controllersOf = (machine: Machine): Map<string, AbortController> => {
  const found = running.get(machine) ?? new Map<string, AbortController>();
  running.set(machine, found);
  return found;
};

/** Starts a unit; resolves with its exit status when it has ended, which nobody needs to wait for. */
export function startTransient(machine: Machine, order: UnitOrder): Promise<number> {
  const { name, facts } = order;
  const since = machine.now();
  const pid = 300 + Math.floor(machine.random() * 30_000);
  putService(machine, name, {
    active: facts.isOneshot ? 'activating' : 'active',
    enabled: false,
    since,
    pid,
    transient: facts,
  });
  log(machine, name, `Started ${name}.service - ${facts.description}.`);
  return new Promise(resolve => {
    machine.background(async power => {
      const status = await carryOut(machine, order, power).catch((error: unknown) => {
        log(machine, name, String(error));
        return 1;
      });
      resolve(status);
    });
  });
}

async function carryOut(machine: Machine, order: UnitOrder, power: AbortSignal): Promise<number> {
  const { name, process, limitMs } = order;
  const controller = new AbortController();
  controllersOf(machine).set(name, controller);
  let isLate = false;
  const cancel =
    limitMs === 0
      ? undefined
      : machine.clock.after(limitMs, () => {
          isLate = true;
          controller.abort();
        });
  const signal = AbortSignal.any([power, controller.signal]);
  const output =
    order.outputFile === undefined ? journalOutput(machine, name) : fileOutput(machine, order.outputFile);
  const status = await execute({ ...process, input: emptyInput, output, error: output, signal }, name);
  output.close();
  cancel?.();
  controllersOf(machine).delete(name);
  // After a boot there is nothing left of it, and what was stopped has been seen to by who stopped it.
  if (!power.aborted && (isLate || !controller.signal.aborted)) settle(machine, name, status, isLate);
  return status;
}

/** One that ended well is forgotten, and so is one that failed where that is asked for. */
function settle(machine: Machine, name: string, exitStatus: number, isLate: boolean): void {
  const service = machine.system.services[name];
  const facts = service?.transient;
  if (service === undefined || facts === undefined) return;
  const hasFailed = isLate || exitStatus !== 0;
  log(
    machine,
    name,
    hasFailed
      ? `${name}.service: Failed with result '${isLate ? 'timeout' : 'exit-code'}'.`
      : `${name}.service: Deactivated successfully.`,
  );
  const isForgotten = hasFailed ? facts.isCollected : !facts.remains;
  if (isForgotten) return forgetService(machine, name);
  const result = isLate ? 'timeout' : hasFailed ? 'exit-code' : 'success';
  const active: ServiceState['active'] = hasFailed ? 'failed' : 'active';
  putService(machine, name, {
    ...service,
    active,
    since: machine.now(),
    pid: 0,
    transient: { ...facts, exitStatus, result },
  });
}

/** Ends a unit that systemd-run made. */
export function stopTransient(machine: Machine, name: string): void {
  controllersOf(machine).get(name)?.abort();
  log(machine, name, `Stopped ${name}.service.`);
  forgetService(machine, name);
}

function journalOutput(machine: Machine, name: string): Output {
  let rest = '';
  return {
    async write(data) {
      const lines = (rest + Buffer.from(data).toString()).split('\n');
      rest = lines.pop()!;
      for (const line of lines) log(machine, name, line);
    },
    close: () => (rest === '' ? undefined : log(machine, name, rest)),
  };
}

const fileOutput = ({ files }: Machine, path: string): Output => ({
  write: async data => files.write(path, data, { append: true }),
  close: () => undefined,
});
