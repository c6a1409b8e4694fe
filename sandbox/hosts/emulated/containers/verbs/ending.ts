import { EngineError, refusal } from '../engine-error.ts';
import { stopped } from '../lifetime.ts';
import {
  containerNamed,
  each,
  findContainer,
  noSuchContainer,
  optionsOf,
  say,
  type Call,
  type Verb,
} from './call.ts';
import { startPublished } from './run.ts';

/** The status of what a signal ended. */
const TERMINATED = 143;
const KILLED = 137;

const STOP_OPTIONS = ['t=|time=|timeout=', 's=|signal=', 'i|ignore'];

/** An emulated container ends at once when it is asked to. */
export const stop: Verb = call => {
  const options = optionsOf(call, STOP_OPTIONS);
  return each(call, options.operands, async name => {
    const container = containerNamed(call.engine, name);
    call.engine.put(stopped(container, call.engine.now(), TERMINATED));
    await say(call, name);
  });
};

export const restart: Verb = call =>
  each(call, optionsOf(call, STOP_OPTIONS).operands, async name => {
    const { engine } = call;
    engine.put(stopped(containerNamed(engine, name), engine.now(), TERMINATED));
    startPublished(engine, containerNamed(engine, name));
    await say(call, name);
  });

/** Signals that a program goes on after. */
const HARMLESS = /^(?:SIG)?(?:HUP|USR1|USR2|WINCH|CONT)$/i;

export const kill: Verb = call => {
  const options = optionsOf(call, ['s=|signal=']);
  return each(call, options.operands, async name => {
    const { engine } = call;
    const container = containerNamed(engine, name);
    if (container.status !== 'running')
      throw refusal(engine.kind, {
        docker: `Cannot kill container: ${name}: Container ${container.id} is not running`,
        podman: `can only kill running containers. ${container.id} is in state ${container.status}: container state improper`,
      });
    if (!HARMLESS.test(options.value('s') ?? 'KILL')) engine.put(stopped(container, engine.now(), KILLED));
    await say(call, name);
  });
};

/** `rm`, with `-v` also the volumes without a name, of which there are none. */
export const rm: Verb = async call => {
  const options = optionsOf(call, ['f|force', 'v|volumes', 't=|time=', 'i|ignore', 'l|link', 'filter=']);
  return each(call, options.operands, name => removeOne(call, name, options.has('f'), options.has('i')));
};

async function removeOne(call: Call, name: string, isForced: boolean, isForgiving: boolean): Promise<void> {
  const { engine, process } = call;
  const container = findContainer(engine.state().containers, name);
  if (container === undefined) {
    const error = noSuchContainer(engine.kind, name);
    if (!isForced && !isForgiving) throw error;
    if (engine.kind === 'docker')
      await process.error.write(Buffer.from(`Error response from daemon: ${error.message}\n`));
    return;
  }
  const isRunning = ['running', 'paused', 'restarting'].includes(container.status);
  if (isRunning && !isForced)
    throw engine.kind === 'docker'
      ? new EngineError(
          `cannot remove container "/${container.name}": container is running: stop the container before removing or force remove`,
        )
      : new EngineError(
          `cannot remove container ${container.id} as it is running - running or paused containers cannot be removed without force: container state improper`,
          { status: 2 },
        );
  engine.drop(container.id);
  await say(call, name);
}

/** What is paused stands still: it ends by itself, if at all, when it goes on. */
export const pause: Verb = call =>
  each(call, optionsOf(call, ['a|all']).operands, async name => {
    const { engine } = call;
    const container = containerNamed(engine, name);
    if (container.status !== 'running')
      throw refusal(engine.kind, {
        docker: `Container ${container.id} is ${container.status === 'paused' ? 'already paused' : 'not running'}`,
        podman: `"${container.status}" is not running, can't pause: container state improper`,
      });
    engine.put({ ...container, status: 'paused' });
    await say(call, name);
  });

export const unpause: Verb = call =>
  each(call, optionsOf(call, ['a|all']).operands, async name => {
    const { engine } = call;
    const container = containerNamed(engine, name);
    if (container.status !== 'paused')
      throw refusal(engine.kind, {
        docker: `Container ${container.id} is not paused`,
        podman: `"${container.status}" is not paused, can't unpause: container state improper`,
      });
    engine.put({ ...container, status: 'running' });
    await say(call, name);
  });

export const rename: Verb = ({ engine, args: [from = '', to = ''] }) => {
  engine.put({ ...containerNamed(engine, from), name: to });
  return 0;
};
