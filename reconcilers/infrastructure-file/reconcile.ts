import { readTextFile, writeAtomically } from '../../config/files.ts';
import type { Reader } from '../../clients/kubernetes/client.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { Run } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import { infrastructureOf } from '../read-model/infrastructure.ts';

/** What infrastructure.json is made from. */
export interface InfrastructureSources {
  readonly path: string;
  readonly droplets: Reader<Droplet>;
  readonly services: Reader<ServiceDeployment>;
}

/** Makes infrastructure.json say what the objects say; whatever else it says is overwritten. */
export async function reconcileInfrastructureFile(
  { path, droplets, services }: InfrastructureSources,
  run: Run,
): Promise<Outcome> {
  const wanted = `${JSON.stringify(infrastructureOf(droplets.list(), services.list()), null, 2)}\n`;
  const file = await readTextFile(path);
  if ('problem' in file && !file.missing) throw new Error(`${path}: ${file.problem.message}`);
  if (!('problem' in file) && file.text === wanted) return undefined;
  await writeAtomically(path, wanted);
  run.log.debug(`wrote ${path}`);
  return undefined;
}
