import type { Cloud } from '../../../clients/digitalocean/cloud.ts';
import type { KubernetesClient, Selection } from '../../../clients/kubernetes/client.ts';
import type { ResourceKind } from '../../../clients/kubernetes/kinds.ts';
import { compareVersions } from '../../../clients/kubernetes/resource-version.ts';
import type { KubernetesObject } from '../../../crds/meta.ts';

/** What one operator asks of the two APIs, and whether any answer is still on its way to it. */
export class Traffic {
  /** Every write to the Kubernetes API, such as `patch Droplet default/shop-web1`. Leases are left aside. */
  readonly kubernetesWrites: string[] = [];
  #underWay = 0;
  /** The newest version of each watched kind that was shown to the operator, and that it has written. */
  readonly #shown = new Map<string, string>();
  readonly #written = new Map<string, string>();

  /** Whether the operator knows all that it will know unless time passes: no call, no watch event is to come. */
  isQuiet(): boolean {
    return (
      this.#underWay === 0 && [...this.#written].every(([kind, version]) => this.#hasShown(kind, version))
    );
  }

  /** What is still to come, for a failure's message. */
  describe(): string {
    const unseen = [...this.#written].filter(([kind, version]) => !this.#hasShown(kind, version));
    return `${this.#underWay} calls, and watch events of ${unseen.map(([kind]) => kind).join(', ') || 'nothing'}`;
  }

  /** Makes a call that is waited for. */
  async during<T>(call: () => Promise<T>): Promise<T> {
    this.#underWay++;
    try {
      return await call();
    } finally {
      this.#underWay--;
    }
  }

  /** Makes a call that changes an object. */
  async write<T extends KubernetesObject | void>(
    what: string,
    { kind }: Pick<ResourceKind, 'kind'>,
    call: () => Promise<T>,
  ): Promise<T> {
    if (kind !== 'Lease') this.kubernetesWrites.push(what);
    const answer = await this.during(call);
    if (answer !== undefined) note(this.#written, kind, answer.metadata.resourceVersion!);
    return answer;
  }

  /** The operator has seen that kind up to that version. */
  show({ kind }: Pick<ResourceKind, 'kind'>, version: string): void {
    note(this.#shown, kind, version);
  }

  #hasShown(kind: string, version: string): boolean {
    const shown = this.#shown.get(kind);
    return shown === undefined || (compareVersions(shown, version) ?? -1) >= 0;
  }
}

function note(newest: Map<string, string>, kind: string, version: string): void {
  const before = newest.get(kind);
  if (before === undefined || (compareVersions(before, version) ?? -1) < 0) newest.set(kind, version);
}

/** A client whose traffic is counted. It sees one namespace only, so that many fleets share one API server. */
export function countedKubernetes(
  client: KubernetesClient,
  namespace: string,
  traffic: Traffic,
): KubernetesClient {
  const here = <S extends Selection>(selection: S): S => ({ ...selection, namespace });
  const named = (verb: string, { kind }: Pick<ResourceKind, 'kind'>, name: string): string =>
    `${verb} ${kind} ${name}`;
  return {
    get: (kind, key, options) => traffic.during(() => client.get(kind, key, options)),
    async list(kind, selection = {}, options) {
      const list = await traffic.during(() => client.list(kind, here(selection), options));
      // Leases are listed now and then, and not watched: nothing more of them is to come. Nor is it of what is written
      // outside of a selection.
      if (kind.kind !== 'Lease' && selection.fieldSelector === undefined)
        traffic.show(kind, list.resourceVersion);
      return list;
    },
    async *watch(kind, selection, options) {
      for await (const event of client.watch(kind, here(selection), options)) {
        yield event;
        // Only now has the cache taken it in.
        if (selection.fieldSelector === undefined) traffic.show(kind, event.object.metadata.resourceVersion!);
      }
    },
    create: (kind, object, options) =>
      traffic.write(named('create', kind, object.metadata.name), kind, () =>
        client.create(kind, object, options),
      ),
    replace: (kind, object, options) =>
      traffic.write(named('replace', kind, object.metadata.name), kind, () =>
        client.replace(kind, object, options),
      ),
    patch: (kind, key, patch, options) =>
      traffic.write(named('patch', kind, key), kind, () => client.patch(kind, key, patch, options)),
    delete: (kind, key, options) =>
      traffic.write(named('delete', kind, key), kind, () => client.delete(kind, key, options)),
  };
}

/** The same for the cloud. */
export function countedCloud(cloud: Cloud, traffic: Traffic): Cloud {
  return new Proxy(cloud, {
    get(target, name: keyof Cloud) {
      const method = target[name] as (...args: unknown[]) => Promise<unknown>;
      return (...args: unknown[]) => traffic.during(() => method.apply(target, args));
    },
  });
}
