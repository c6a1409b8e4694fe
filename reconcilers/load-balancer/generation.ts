import { createHash } from 'node:crypto';
import type { LoadBalancerFacts } from './facts.ts';
import { renderConfiguration, type Configuration, type RenderInput } from './render.ts';

/** A configuration with its name. */
export interface Generation extends Configuration {
  /** Says what the configuration does: the same services in the same state have the same. */
  id: string;
  /** The name of its folder. */
  directory: string;
  /** The SHA-256 of all its files in their order, hexadecimal. */
  digest: string;
}

/** What a generation is made from. */
export type GenerationInput = Omit<RenderInput, 'generation' | 'directory'>;

/**
 * The generation that should run. Its folder is the current one when that holds just this; else one that is not in
 * use, because nginx may read the current one at any time: so there are two names for each generation.
 */
export function wantedGeneration(
  input: GenerationInput,
  facts: Pick<LoadBalancerFacts, 'current' | 'digest'>,
): Generation {
  const draft = renderConfiguration({ ...input, generation: '', directory: '' });
  const id = sha256(draft).slice(0, 12);
  const [first, second] = [`g-${id}`, `g-${id}-again`].map(directory => generationIn(input, id, directory));
  const current = [first!, second!].find(({ directory }) => directory === facts.current);
  if (current?.digest === facts.digest) return current;
  return current === first ? second! : first!;
}

function generationIn(input: GenerationInput, id: string, directory: string): Generation {
  const configuration = renderConfiguration({ ...input, generation: id, directory });
  return { ...configuration, id, directory, digest: sha256(configuration) };
}

function sha256({ files }: Configuration): string {
  const hash = createHash('sha256');
  for (const { content } of files) hash.update(content);
  return hash.digest('hex');
}
