import { findImage } from '../images.ts';
import { build } from './build.ts';
import { findContainer, type Verb } from './call.ts';
import { kill, pause, rename, restart, rm, stop, unpause } from './ending.ts';
import { BUILDER_VERBS, containerPrune, exists, info, SYSTEM_VERBS, version } from './engine.ts';
import { imageInspect, imagePrune, images, login, pull, push, rmi, tag } from './images.ts';
import { exec, logs } from './inside.ts';
import { inspect, ps } from './looking.ts';
import { create, run, start, wait } from './run.ts';
import { VOLUME_VERBS } from './volumes.ts';

type Verbs = Readonly<Record<string, Verb>>;

const containerInspect: Verb = call => inspect({ ...call, args: ['--type', 'container', ...call.args] });

const OF_CONTAINERS: Verbs = {
  create, exec, kill, logs, pause, rename, restart, rm, run, start, stop, unpause, wait,
}; // prettier-ignore

/** What a client of either engine is asked for. */
export const VERBS: Verbs = {
  ...OF_CONTAINERS, build, images, info, inspect, login, ps, pull, push, rmi, tag, version,
}; // prettier-ignore

/** Those of two words, as `image ls`. */
export const GROUPS: Readonly<Record<string, Verbs>> = {
  container: {
    ...OF_CONTAINERS,
    ls: ps,
    list: ps,
    inspect: containerInspect,
    prune: containerPrune,
    exists: exists(({ engine }, name) => findContainer(engine.state().containers, name) !== undefined),
  },
  image: {
    build,
    inspect: imageInspect,
    ls: images,
    list: images,
    prune: imagePrune,
    pull,
    push,
    rm: rmi,
    tag,
    exists: exists(({ engine }, name) => findImage(engine, name) !== undefined),
  },
  volume: VOLUME_VERBS,
  system: SYSTEM_VERBS,
  builder: BUILDER_VERBS,
  buildx: BUILDER_VERBS,
};
