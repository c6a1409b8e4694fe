import type { Cloud } from '../../../clients/digitalocean/cloud.ts';
import type { KubernetesClient, Selection } from '../../../clients/kubernetes/client.ts';
import type { ResourceKind } from '../../../clients/kubernetes/kinds.ts';
import type { SshHost, SshPool } from '../../../clients/ssh/ssh.ts';
import type { ObjectKey } from '../../../crds/meta.ts';
import type { Life } from './life.ts';

/**
 * The client of a process that can die. It sees one namespace only, so that many fleets share one API server.
 */
export function mortalKubernetes(client: KubernetesClient, namespace: string, life: Life): KubernetesClient {
  const here = <S extends Selection>(selection: S): S => ({ ...selection, namespace });
  return {
    get: (kind, key, options) => life.read(() => client.get(kind, key, options)),
    list: (kind, selection = {}, options) => life.read(() => client.list(kind, here(selection), options)),
    watch: (kind, selection, options) => life.watch(client.watch(kind, here(selection), options)),
    create: (kind, object, options) =>
      change(life, 'create', kind, object.metadata.name, () => client.create(kind, object, options)),
    replace: (kind, object, options) =>
      change(life, 'replace', kind, object.metadata.name, () => client.replace(kind, object, options)),
    patch: (kind, key, patch, options) =>
      change(life, `patch${options?.subresource ? '-status' : ''}`, kind, key, () =>
        client.patch(kind, key, patch, options),
      ),
    delete: (kind, key, options) =>
      change(life, 'delete', kind, key, () => client.delete(kind, key, options)),
  };
}

function change<T>(
  life: Life,
  verb: string,
  { kind }: Pick<ResourceKind, 'kind'>,
  key: ObjectKey,
  call: () => Promise<T>,
): Promise<T> {
  return life.change(`${verb} ${kind} ${key.slice(key.indexOf('/') + 1)}`, call);
}

/** The same for the cloud: calls whose names say so are changes. */
export function mortalCloud(cloud: Cloud, life: Life): Cloud {
  return new Proxy(cloud, {
    get(target, name: keyof Cloud) {
      const method = target[name] as (...args: unknown[]) => Promise<unknown>;
      const isChange = !/^(get|list)/.test(name);
      return (...args: unknown[]) => {
        const call = (): Promise<unknown> => method.apply(target, args);
        return isChange ? life.change(`${name} ${subjectOf(args[0])}`, call) : life.read(call);
      };
    },
  });
}

/** The name in a request, or the name or id that the call begins with. */
const subjectOf = (argument: unknown): string =>
  typeof argument === 'object' ? (argument as { name: string }).name : `${argument as string | number}`;

/** The same for hosts: commands whose names say so only look. */
export function mortalSsh(pool: SshPool, life: Life): SshPool {
  return {
    ...pool,
    host(access) {
      const host = pool.host(access);
      const command =
        (run: SshHost['run']): SshHost['run'] =>
        (argv, options) => {
          const name = argv.find(word => word.startsWith('dropfleet-')) ?? argv.join(' ');
          const call = (): ReturnType<SshHost['run']> => run(argv, options);
          return /-(facts|verify|drain)$/.test(name)
            ? life.read(call)
            : life.change(`${name} at ${access.address}`, call);
        };
      return {
        ...host,
        run: command((...args) => host.run(...args)),
        succeed: command((...args) => host.succeed(...args)),
        writeFile: (path, ...rest) => life.change(`write ${path}`, () => host.writeFile(path, ...rest)),
        hostKey: options => life.read(() => host.hostKey(options)),
      };
    },
  };
}
