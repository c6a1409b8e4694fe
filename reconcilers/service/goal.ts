import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { keepsOnVolume } from '../read-model/data-volume.ts';
import type { ServiceSecrets } from '../secrets/values.ts';
import { environmentFor } from './environment-plan.ts';
import type { Launch } from './apply.ts';
import type { Surroundings } from './observe.ts';
import { hostPortsOf, portFor } from './port-plan.ts';
import { releaseOf } from './release.ts';
import { renderEnvironment } from './render.ts';
import type { Target } from './rollout-plan.ts';
import type { Serving } from './status.ts';

/** A version and its image, which are to become a release. */
export interface Candidate {
  version: string;
  /** Its id. */
  image: string;
  /** What the engines find it by. */
  name: string;
}

/** A release: how it is told from others, and what its containers are started with. */
export interface Goal {
  target: Target;
  serving: Serving;
  launch: Launch;
  /** The names of variables that no container can be given as they are. */
  refused: string[];
}

/** The release that a service is in these surroundings, with that version and these secrets. */
export function goalFor(
  service: ServiceDeployment,
  { version, image, name }: Candidate,
  secrets: ServiceSecrets,
  { services, master, engine, project }: Surroundings,
): Goal {
  const { spec } = service;
  const dataVolume = keepsOnVolume(service, project) ? project?.status?.dataVolume?.name : undefined;
  const masterAddress = master?.status?.server?.privateAddress ?? '';
  const release = releaseOf({
    service,
    version,
    image: spec.image ?? image,
    secrets: secrets.digest,
    masterAddress,
    ...(dataVolume !== undefined && { dataVolume }),
  });
  const port = portFor(service, services);
  const variables = environmentFor({
    service,
    others: services,
    masterAddress,
    secrets: secrets.values,
    version,
    containerPort: undefined,
  });
  const rendered = renderEnvironment(variables);
  return {
    refused: rendered.refused,
    target: {
      release,
      port,
      hostPorts: port === undefined ? [] : spec.type === 'infra' ? [port] : hostPortsOf(port),
      hasTask: spec.releaseCommand !== undefined,
      canStart: true,
    },
    serving: { release, version, image },
    launch: {
      service,
      release,
      version,
      image: name,
      engine,
      ...(dataVolume !== undefined && { dataVolume }),
      environment: rendered,
      hideSecrets: hiding(secrets.values),
    },
  };
}

/** Shorter values would make a text unreadable, and stand in it by chance. */
const SHORTEST_HIDDEN = 4;

function hiding(values: ServiceSecrets['values']): (text: string) => string {
  const shown = values
    .flatMap(([, value]) => [value.reveal(), ...value.reveal().split('\n')])
    .filter(({ length }) => length >= SHORTEST_HIDDEN)
    .toSorted((a, b) => b.length - a.length);
  return text => shown.reduce((rest, value) => rest.replaceAll(value, '***'), text);
}
