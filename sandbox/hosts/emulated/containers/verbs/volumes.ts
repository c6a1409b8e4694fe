import { makeFolders } from '../../files/folders.ts';
import { isFileError } from '../../files/file-error.ts';
import { outOfSpace, refusal } from '../engine-error.ts';
import type { Engine } from '../engine.ts';
import { timeText, volumePath } from '../views.ts';
import { each, formatted, optionsOf, pairs, say, type Call, type Verb } from './call.ts';
import { filterOf, hasLabel } from './filters.ts';

/** Makes a volume with its folder; `device` is the one that stands for it, if another does. */
export function createVolume(
  engine: Engine,
  name: string,
  labels: Readonly<Record<string, string>>,
  device?: string,
): void {
  const { files } = engine.machine;
  const path = volumePath(engine.kind, name);
  try {
    makeFolders(files, path);
  } catch (error) {
    if (!isFileError(error, 'ENOSPC')) throw error;
    throw outOfSpace(engine.kind, path);
  }
  engine.update({
    volumes: {
      ...engine.state().volumes,
      [name]: { created: engine.now(), labels, ...(device !== undefined && { device }) },
    },
  });
}

export function volumeView(engine: Engine, name: string): Record<string, unknown> {
  const { created, labels } = engine.state().volumes[name]!;
  return {
    CreatedAt: timeText(engine, created),
    Driver: 'local',
    Labels: labels,
    Mountpoint: volumePath(engine.kind, name),
    Name: name,
    Options: {},
    Scope: 'local',
  };
}

const ls: Verb = async call => {
  const options = optionsOf(call, ['q|quiet', 'f=|filter=', 'format=']);
  const { engine } = call;
  const { volumes } = engine.state();
  const names = Object.keys(volumes)
    .toSorted()
    .filter(name =>
      options
        .values('f')
        .map(filterOf)
        .every(([key, value]) => {
          if (key === 'label') return hasLabel(volumes[name]!.labels, value);
          if (key === 'dangling') return (usersOf(engine, name).length === 0) === (value === 'true');
          return key === 'name' && name.includes(value);
        }),
    );
  const format = options.value('format');
  if (!options.has('q') && format === undefined) await say(call, 'DRIVER    VOLUME NAME');
  for (const name of names)
    await say(
      call,
      options.has('q')
        ? name
        : format === undefined
          ? `local     ${name}`
          : formatted(format, volumeView(engine, name)),
    );
  return 0;
};

const usersOf = ({ state }: Engine, name: string): string[] =>
  state()
    .containers.filter(({ config }) =>
      config.mounts.some(({ type, source }) => type === 'volume' && source === name),
    )
    .map(({ id }) => id);

const inspect: Verb = async call => {
  const options = optionsOf(call, ['f=|format=']);
  const format = options.value('f');
  const found: object[] = [];
  const status = await each(call, options.operands, async name => {
    checkVolume(call, name);
    if (format === undefined) found.push(volumeView(call.engine, name));
    else await say(call, formatted(format, volumeView(call.engine, name)));
  });
  if (format === undefined) await say(call, JSON.stringify(found, null, 4));
  return status;
};

function checkVolume({ engine }: Call, name: string): void {
  if (engine.state().volumes[name] === undefined)
    throw refusal(engine.kind, {
      docker: `get ${name}: no such volume`,
      podman: `no volume with name "${name}" found: no such volume`,
    });
}

const create: Verb = async call => {
  const options = optionsOf(call, ['l=|label=', 'd=|driver=', 'o=|opt=', 'ignore']);
  const [name = 'emulated'] = options.operands;
  if (call.engine.state().volumes[name] === undefined)
    createVolume(call.engine, name, pairs(options.values('l')), pairs(options.values('o'))['device']);
  await say(call, name);
  return 0;
};

const rm: Verb = call =>
  each(call, optionsOf(call, ['f|force']).operands, async name => {
    checkVolume(call, name);
    const { engine } = call;
    const users = usersOf(engine, name);
    if (users.length > 0)
      throw refusal(
        engine.kind,
        {
          docker: `remove ${name}: volume is in use - [${users.join(', ')}]`,
          podman: `volume ${name} is being used by the following container(s): ${users.join(', ')}: volume is being used`,
        },
        { podman: 2 },
      );
    const { [name]: _gone, ...volumes } = engine.state().volumes;
    engine.update({ volumes });
    await say(call, name);
  });

/** `volume VERB`. */
export const VOLUME_VERBS: Readonly<Record<string, Verb>> = { ls, list: ls, inspect, create, rm };
