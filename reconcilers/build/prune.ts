import type { Engine } from '../host/desired.ts';
import { listImages, pruneImages, pruneRegistry } from './commands.ts';
import { BuildError, type BuildHost } from './host.ts';
import { planPrune, type ImageTag } from './prune-plan.ts';

/** Removing hundreds of layers from a slow disk. */
const PRUNE_MS = 300_000;

/** What is cleaned, and what stays. */
export interface PruneRequest {
  engine: Engine;
  project: string;
  /** The ids of the images that must stay: `neededImages`, and those on their way to be started. */
  needed: ReadonlySet<string>;
  /** Cache goes too that is not a day old. */
  lacksSpace?: boolean;
  /** The host's private address, where it is a master with a registry. */
  registry?: string;
}

/**
 * Removes what a project left on one of its hosts: images that nobody needs, and cache. What containers use, other
 * images and volumes stay. Rejects with BuildError when the host cannot say what it has.
 */
export async function prune(host: BuildHost, request: PruneRequest, signal: AbortSignal): Promise<void> {
  const { engine, project, needed, lacksSpace = false, registry } = request;
  const options = { signal, timeoutMs: PRUNE_MS };
  const { stdout, stderr } = await host.run(listImages(engine, project), options);
  const tags = parseImages(stdout);
  if (tags === undefined) throw new BuildError(`cannot list the images: ${stderr.trim().slice(-300)}`);
  const age = lacksSpace ? '0s' : '24h';
  // What stays is in nobody's way; the next time tries again.
  await host.run(pruneImages(engine, project, age, planPrune(tags, needed)), options);
  if (registry !== undefined) await host.run(pruneRegistry(project, registry, [...needed]), options);
}

function parseImages(output: string): ImageTag[] | undefined {
  const lines = output
    .trimEnd()
    .split('\n')
    .map(line => line.split('\t'));
  if (lines.at(-1)?.[0] !== 'end') return undefined;
  return lines.filter(([word]) => word === 'image').map(([, image, tag]) => ({ image: image!, tag: tag! }));
}
