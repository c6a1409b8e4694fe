import type { Droplet } from '../../crds/droplet.ts';

/** What runs the containers on a host. */
export type Engine = 'docker' | 'podman';

/** What a host is to be, apart from its files: those follow from it. */
export interface DesiredHost {
  role: Droplet['spec']['role'];
  engine: Engine;
  /** It is the master of a project that has webs: they pull their images from it. */
  hasRegistry?: boolean;
}

/** The login that cloud-init makes and dropfleet uses. */
export const HOST_USER = 'dropfleet';

/** Where a master's registry answers. */
export const REGISTRY_PORT = 5000;

/** A command that must be there; `provide` (scripts.ts) knows which package brings it. */
export type Tool = 'dockerd' | 'podman' | 'nginx' | 'docker-registry' | 'nft' | 'unattended-upgrade';

/** The commands that a host needs. */
export function toolsOf({ role, engine, hasRegistry }: DesiredHost): Tool[] {
  const container: Tool = engine === 'docker' ? 'dockerd' : 'podman';
  return [
    container,
    ...(role === 'master' ? (['nginx'] as const) : []),
    ...(hasRegistry ? (['docker-registry'] as const) : []),
    'nft',
    'unattended-upgrade',
  ];
}

/** What must run: podman is no daemon, and nginx is looked after by what writes its configuration. */
export type Service = 'docker' | 'docker-registry';

/** The services that a host needs. */
export const servicesOf = ({ engine, hasRegistry }: DesiredHost): Service[] => [
  ...(engine === 'docker' ? (['docker'] as const) : []),
  ...(hasRegistry ? (['docker-registry'] as const) : []),
];
