import { readTextFile, writeAtomically } from '../../config/files.ts';
import type { Reader } from '../../clients/kubernetes/client.ts';
import type { Droplet } from '../../crds/droplet.ts';
import type { Project } from '../../crds/project.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { Run } from '../run.ts';
import type { Outcome } from '../outcome.ts';
import { infrastructureOf } from '../read-model/infrastructure.ts';

/** What infrastructure.json is made from. */
export interface InfrastructureSources {
  readonly path: string;
  readonly projects: Reader<Project>;
  readonly droplets: Reader<Droplet>;
  readonly services: Reader<ServiceDeployment>;
}

/** The objects that it shows. */
interface InfrastructureObjects {
  projects: readonly Project[];
  droplets: readonly Droplet[];
  services: readonly ServiceDeployment[];
}

/** Makes infrastructure.json say what the objects say; whatever else it says is overwritten. */
export async function reconcileInfrastructureFile(
  { path, projects, droplets, services }: InfrastructureSources,
  run: Run,
): Promise<Outcome> {
  const isWritten = await writeInfrastructureFile(path, {
    projects: projects.list(),
    droplets: droplets.list(),
    services: services.list(),
  });
  if (isWritten) run.log.debug(`wrote ${path}`);
  return undefined;
}

/** Writes the file where it says something else; whether it did. */
export async function writeInfrastructureFile(
  path: string,
  { projects, droplets, services }: InfrastructureObjects,
): Promise<boolean> {
  const wanted = `${JSON.stringify(infrastructureOf(projects, droplets, services), null, 2)}\n`;
  const file = await readTextFile(path);
  if ('problem' in file && !file.missing) throw new Error(`${path}: ${file.problem.message}`);
  if (!('problem' in file) && file.text === wanted) return false;
  await writeAtomically(path, wanted);
  return true;
}
