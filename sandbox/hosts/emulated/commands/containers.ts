import type { Process, Program } from '../model.ts';
import { fail, print } from '../shell/process.ts';
import { readOptions } from './options.ts';

const versionOf = ({ machine }: Process, name: string): string =>
  (machine.system.packages[name] ?? '').replace(/^\d+:|[-+].*$/g, '');

/** An engine without containers: what it is, and that it runs. */
const docker: Program = async process => {
  const [verb = '', ...rest] = process.args.slice(1);
  if (verb === '--version' || verb === '-v') {
    await print(process, `Docker version ${versionOf(process, 'docker-cli')}, build emulated\n`);
    return 0;
  }
  const options = readOptions(rest, ['f=|format=', 'a|all', 'q|quiet', 'no-trunc', 'filter=']);
  if (!['version', 'info', 'ps'].includes(verb))
    return fail(process, `${verb} is not known to an emulated host`, 127);
  if (process.machine.system.services['docker']?.active !== 'active')
    return fail(
      process,
      'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
    );
  const version = versionOf(process, 'docker.io');
  if (verb === 'version')
    await print(
      process,
      `${(options.value('f') ?? 'Server: {{.Server.Version}}').replace('{{.Server.Version}}', version).replace('{{.Client.Version}}', version)}\n`,
    );
  if (verb === 'info')
    await print(
      process,
      `${(options.value('f') ?? 'Server Version: {{.ServerVersion}}').replace('{{.ServerVersion}}', version)}\n`,
    );
  if (verb === 'ps' && !options.has('q') && options.value('f') === undefined)
    await print(process, 'CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES\n');
  return 0;
};

const podman: Program = async process => {
  const [verb = '', ...rest] = process.args.slice(1);
  const version = versionOf(process, 'podman');
  if (verb === '--version' || verb === '-v') {
    await print(process, `podman version ${version}\n`);
    return 0;
  }
  const options = readOptions(rest, ['f=|format=', 'a|all', 'q|quiet']);
  if (!['version', 'info', 'ps'].includes(verb))
    return fail(process, `${verb} is not known to an emulated host`, 127);
  if (verb === 'version')
    await print(process, `${options.has('f') ? version : `Client: Podman Engine\nVersion: ${version}`}\n`);
  return 0;
};

/** The container engines. */
export const CONTAINERS: Readonly<Record<string, Program>> = {
  docker,
  dockerd: process => fail(process, 'the daemon is a service here: systemctl start docker', 127),
  podman,
};
