import type { Options } from '../../commands/options.ts';
import { isFileError } from '../../files/file-error.ts';
import { absolutePath } from '../../shell/process.ts';
import { build as carryOut } from '../build/build.ts';
import { ContainerfileError, parseContainerfile, type Instruction } from '../build/containerfile.ts';
import { contextOfFolder, contextOfInput, type Context } from '../build/context.ts';
import { EngineError, refusal } from '../engine-error.ts';
import { checkReference } from '../images.ts';
import { newName, shownId } from '../reference.ts';
import { optionsOf, pairs, say, type Call, type Verb } from './call.ts';

const BUILD_OPTIONS = [
  't=|tag=', 'f=|file=', 'label=', 'build-arg=', 'c=|cpu-shares=', 'm=|memory=', 'cgroup-parent=', 'force-rm', 'rm',
  'q|quiet', 'pull', 'network=', 'no-cache', 'cpu-period=', 'cpu-quota=', 'cpuset-cpus=', 'memory-swap=', 'target=',
  'progress=', 'platform=', 'layers', 'format=', 'tls-verify=', 'isolation=', 'iidfile=', 'ulimit=',
]; // prettier-ignore

/** `build`, with the files of a folder or of standard input. */
export const build: Verb = async call => {
  const { engine, process } = call;
  const options = optionsOf(call, BUILD_OPTIONS);
  const isQuiet = options.has('q');
  for (const name of options.values('t')) checkReference(name);
  const { context, text } = await inputsOf(call, options);
  const image = await carryOut(engine, {
    instructions: parsed(call, text),
    context,
    names: options.values('t').map(name => newName(engine.kind, name)),
    labels: pairs(options.values('label')),
    args: pairs(options.values('build-arg')),
    signal: process.signal,
    say: line => (isQuiet ? Promise.resolve() : say(call, line)),
  });
  if (isQuiet) await say(call, shownId(engine.kind, image.id));
  return 0;
};

async function inputsOf(call: Call, options: Options): Promise<{ context: Context; text: string }> {
  const { process } = call;
  const [path = '.'] = options.operands;
  if (path === '-') {
    const input = await contextOfInput(process);
    if (typeof input === 'string') return { context: new Map(), text: input };
    return { context: input, text: fileIn(call, input, options.value('f'), '') };
  }
  let context: Context;
  try {
    context = contextOfFolder(process, path);
  } catch (error) {
    if (!isFileError(error)) throw error;
    throw refusal(
      call.engine.kind,
      {
        docker: `unable to prepare context: path "${path}" not found`,
        podman: `context directory ${absolutePath(process, path)} cannot be used: ${error.message.toLowerCase()}`,
      },
      {},
      true,
    );
  }
  return { context, text: fileIn(call, context, options.value('f'), path) };
}

/** The Containerfile: docker looks for a Dockerfile, podman for a Containerfile first. */
function fileIn(
  { engine, process }: Call,
  context: Context,
  given: string | undefined,
  folder: string,
): string {
  const isDocker = engine.kind === 'docker';
  const names = given !== undefined ? [given] : isDocker ? ['Dockerfile'] : ['Containerfile', 'Dockerfile'];
  if (given !== undefined && folder !== '') {
    const path = absolutePath(process, given);
    if (process.files.find(path)?.type === 'file') return Buffer.from(process.files.read(path)).toString();
  }
  for (const name of names) {
    const data = context.get(name.replace(/^(?:\.?\/)+/, ''));
    if (data !== undefined) return Buffer.from(data).toString();
  }
  throw missingFile(isDocker, given, names[0]!, folder === '' ? '' : absolutePath(process, folder));
}

function missingFile(
  isDocker: boolean,
  given: string | undefined,
  name: string,
  folder: string,
): EngineError {
  if (isDocker && folder === '') return new EngineError(`Cannot locate specified Dockerfile: ${name}`);
  if (isDocker)
    return new EngineError(
      `unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat ${given?.startsWith('/') ? given : `${folder}/${name}`}: no such file or directory`,
      { isClients: true },
    );
  if (given !== undefined)
    return new EngineError(
      `the specified Containerfile or Dockerfile does not exist, ${given}: no such file or directory`,
      { status: 125 },
    );
  return new EngineError(
    `no Containerfile or Dockerfile specified or found in context directory, ${folder}: no such file or directory`,
    { status: 125 },
  );
}

function parsed({ engine }: Call, text: string): Instruction[] {
  try {
    return parseContainerfile(text);
  } catch (error) {
    if (!(error instanceof ContainerfileError)) throw error;
    throw refusal(engine.kind, { docker: error.message, podman: error.podman });
  }
}
