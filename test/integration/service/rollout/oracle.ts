import { masterName } from '../../../../crds/names.ts';
import type { ServiceDeployment } from '../../../../crds/service-deployment.ts';
import { isAssigned } from '../../../../reconcilers/service/placement-plan.ts';
import { releaseOf } from '../../../../reconcilers/service/release.ts';
import { fateOf, isWell, type EngineContainer } from './engine.ts';
import { isGoing, type Machine, type World } from './world.ts';

/** What is not as it should be in a world that has come to rest. */
export function judge(world: World): string[] {
  const service = world.service();
  const machines = [...world.machines.values()].filter(({ name }) => !isGoing(world.droplets.get(name)!));
  const wrong = machines.flatMap(forgottenFiles);
  if (service === undefined || service.spec.stopped) return [...wrong, ...left(machines, () => false)];
  const { spec, status = {} } = service;
  if (spec.version === undefined) return wrong;
  return [
    ...wrong,
    ...left(machines, one => isDue(one, status)),
    ...judgeRelease(world, service),
    ...judgeEndpoints(world, service, machines),
  ];
}

/** The environment of no container that is there. */
const forgottenFiles = ({ name, engine }: Machine): string[] =>
  [...engine.envFiles].filter(file => !engine.containers.has(file)).map(file => `${name} keeps ${file}`);

const left = (machines: readonly Machine[], isWanted: (one: EngineContainer) => boolean): string[] =>
  machines.flatMap(({ name, engine }) =>
    engine
      .all()
      .filter(one => !isWanted(one))
      .map(one => `${one.name} is left on ${name}, ${one.state}`),
  );

/** What runs of the release that serves, and what is kept of the one that was rejected. */
function isDue(
  { labels, state }: EngineContainer,
  status: NonNullable<ServiceDeployment['status']>,
): boolean {
  if (labels['release'] === status.release) return labels['kind'] === 'task' || state === 'running';
  return labels['release'] === status.rejected?.release && state === 'exited';
}

function judgeRelease(world: World, service: ServiceDeployment): string[] {
  const { spec, status = {} } = service;
  const version = spec.version!;
  const master = world.droplets.get(masterName('shop'))!.status!.server!.privateAddress!;
  const image = `sha256:${version}`;
  const secrets = world.secrets.digest;
  const release = releaseOf({ service, version, image, secrets, masterAddress: master });
  const serves = status.release === release && status.rejected === undefined;
  const wasRejected = status.rejected?.release === release && status.release !== release;
  const fate = fateOf(version);
  const reason = status.conditions?.find(({ type }) => type === 'Rolled');
  const said = JSON.stringify([status.release, status.version, status.rejected, reason]);
  if (fate === 'good' && wasRejected && world.vanished.has(version)) return [];
  if (fate === 'good') return serves ? [] : [`the good ${version} (${release}) does not serve: ${said}`];
  const isHarmless = fate === 'late' && serves;
  if (!wasRejected && !isHarmless) return [`the bad ${version} (${release}) was not rejected: ${said}`];
  const former = status.version === undefined ? 'good' : fateOf(status.version);
  return ['good', 'late'].includes(former) ? [] : [`${status.version} serves`];
}

function judgeEndpoints(world: World, service: ServiceDeployment, machines: readonly Machine[]): string[] {
  const { release, endpoints = [] } = service.status ?? {};
  if (release === undefined) return [];
  const isFull = fateOf(service.spec.version!) === 'good' || !world.isTampered;
  const assigned = machines.filter(({ name }) =>
    isAssigned(service, world.droplets.get(name)!, world.project),
  );
  const names = endpoints.map(({ droplet }) => droplet).toSorted();
  const wanted = assigned.map(({ name }) => name).toSorted();
  const wrong =
    isFull && names.join() !== wanted.join()
      ? [`endpoints are on ${names.join()}, not ${wanted.join()}`]
      : [];
  for (const { droplet, address } of endpoints) {
    const machine = machines.find(({ name }) => name === droplet);
    const one = machine?.engine
      .all()
      .find(({ labels }) => labels['kind'] === 'service' && labels['release'] === release);
    const isThere = one !== undefined && (one.published ?? machine?.privateAddress) === address;
    const isOld = fateOf(service.status!.version!) === 'late';
    // What has vanished cannot be started again when the configuration is another by now.
    if (!isFull && one === undefined) continue;
    if (!isThere || (!isOld && !isWell(one)))
      wrong.push(`${release} is not well on ${droplet}: ${one?.state}`);
  }
  if (world.isWeb && endpoints.length > 0 && world.nginx.upstream.length !== endpoints.length)
    wrong.push(`nginx sends requests to ${world.nginx.upstream.join()}`);
  return wrong;
}
