import { EngineError } from '../containers/engine-error.ts';
import { engineOf } from '../containers/engine.ts';
import type { EngineKind } from '../containers/model.ts';
import { readRegistrySettings } from '../containers/registry/settings.ts';
import { collectGarbage } from '../containers/registry/storage.ts';
import { complain } from '../containers/verbs/call.ts';
import { versionOf } from '../containers/verbs/engine.ts';
import { GROUPS, VERBS } from '../containers/verbs/verbs.ts';
import type { Process, Program } from '../model.ts';
import { absolutePath, fail, print } from '../shell/process.ts';

/** The client of an engine. */
const clientOf =
  (kind: EngineKind): Program =>
  async process => {
    const [first = '', ...rest] = process.args.slice(1);
    const engine = engineOf(process.machine, kind);
    if (first === '--version' || first === '-v') {
      const version = versionOf(engine);
      await print(
        process,
        kind === 'docker' ? `Docker version ${version}, build emulated\n` : `podman version ${version}\n`,
      );
      return 0;
    }
    const group = GROUPS[first];
    const verb = group === undefined ? VERBS[first] : group[rest[0] ?? ''];
    if (verb === undefined)
      return fail(
        process,
        `${first} ${group === undefined ? '' : (rest[0] ?? '')}`.trim() + ' is not known to an emulated host',
        127,
      );
    const refused = whyNot(process, kind);
    if (refused !== undefined) return fail(process, refused);
    try {
      return await verb({ process, engine, args: group === undefined ? rest : rest.slice(1) });
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      await complain({ process, engine }, error);
      return error.status;
    }
  };

/** docker needs its daemon, and leave to speak to it; podman has none, and an emulated one is root's. */
function whyNot({ machine, credentials, user }: Process, kind: EngineKind): string | undefined {
  if (kind === 'podman') return undefined;
  const isAllowed = credentials.uid === 0 || user.groups.length > 1;
  if (!isAllowed)
    return 'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock';
  if (machine.system.services['docker']?.active === 'active') return undefined;
  return 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?';
}

/** `docker-registry garbage-collect CONFIG`; what serves is its service. */
const registry: Program = async process => {
  const [verb, ...args] = process.args.slice(1);
  if (verb === '--version') {
    await print(process, `docker-registry ${process.machine.system.packages['docker-registry'] ?? ''}\n`);
    return 0;
  }
  if (verb !== 'garbage-collect')
    return fail(process, 'the registry is a service here: systemctl start docker-registry', 127);
  const path = args.find(argument => !argument.startsWith('-')) ?? '';
  const { root } = readRegistrySettings(process.machine, absolutePath(process, path));
  const gone = collectGarbage(process.files, root);
  await print(process, gone.map(digest => `blob eligible for deletion: ${digest}\n`).join(''));
  return 0;
};

/** The container engines, and a registry. */
export const CONTAINERS: Readonly<Record<string, Program>> = {
  docker: clientOf('docker'),
  dockerd: process => fail(process, 'the daemon is a service here: systemctl start docker', 127),
  'docker-registry': registry,
  podman: clientOf('podman'),
};
