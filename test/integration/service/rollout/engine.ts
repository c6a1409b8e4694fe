/** What becomes of a container, by the first word of its version. */
export type Fate = 'good' | 'exits' | 'sick' | 'late' | 'badtask';

export const FATES: readonly Fate[] = ['good', 'exits', 'sick', 'late', 'badtask'];

export const fateOf = (version: string): Fate => version.split('-')[0] as Fate;

/** A container of a fake engine. */
export interface EngineContainer {
  name: string;
  labels: Record<string, string>;
  image: string;
  /** `address:port` on the host. */
  published: string | undefined;
  state: 'running' | 'restarting' | 'exited';
  exitCode: number;
  restarts: number;
  /** Whether it ever took requests. */
  wasHealthy: boolean;
  /** When one that fails late does so; undefined for what goes on. */
  breaksAt: number | undefined;
}

/** Thrown when an engine refuses a container: START's 12. */
export class Refused extends Error {}

/** The docker of one machine. */
export class FakeEngine {
  readonly containers = new Map<string, EngineContainer>();
  readonly images = new Set<string>();
  readonly envFiles = new Set<string>();

  all(): EngineContainer[] {
    return [...this.containers.values()];
  }

  /** The one that takes requests at that address, or would if it were well. */
  at(address: string): EngineContainer | undefined {
    return this.all().find(({ published, state }) => published === address && state !== 'exited');
  }

  /** `docker run` with what a script was given: `--label=...` and others, the image, the command. */
  run(name: string, publish: string, args: readonly string[], breaksAt: number | undefined): EngineContainer {
    const image = args.find(argument => !argument.startsWith('-'))!;
    const labels = Object.fromEntries(
      args
        .filter(argument => argument.startsWith('--label=dropfleet.'))
        .map(
          label => label.slice('--label=dropfleet.'.length).split(/=(.*)/s).slice(0, 2) as [string, string],
        ),
    );
    this.containers.delete(name);
    const published = publish === '-' ? undefined : publish;
    if (published !== undefined && this.at(published) !== undefined)
      throw new Refused(`port ${published} is already allocated`);
    if (!this.images.has(image)) throw new Refused(`no image ${image}`);
    const container: EngineContainer = {
      name,
      labels,
      image,
      published,
      state: 'running',
      exitCode: 0,
      restarts: 0,
      wasHealthy: false,
      breaksAt,
    };
    this.containers.set(name, container);
    this.envFiles.add(name);
    return container;
  }

  /** `docker start`; false when there is none, or its port is another's. */
  start(name: string): boolean {
    const container = this.containers.get(name);
    if (container === undefined) return false;
    const { published, state } = container;
    if (state === 'exited' && published !== undefined && this.at(published) !== undefined) return false;
    Object.assign(container, { state: 'running', restarts: 0, exitCode: 0 });
    return true;
  }

  stop(name: string): void {
    const container = this.containers.get(name);
    if (container !== undefined && container.state !== 'exited')
      Object.assign(container, { state: 'exited', exitCode: 143 });
  }

  remove(name: string): void {
    this.containers.delete(name);
    this.envFiles.delete(name);
  }

  /** What fails late has its time. */
  tick(now: number): void {
    for (const container of this.all())
      if (container.state === 'running' && container.breaksAt !== undefined && container.breaksAt <= now)
        container.restarts++;
  }

  /** What scripts/containers.sh prints. */
  list(): string {
    const lines = this.all().map(({ labels, state, exitCode, restarts, image, name }) =>
      [
        ...['service', 'uid', 'kind', 'release', 'version', 'port'].map(label => labels[label]),
        state,
        exitCode,
        Math.min(restarts, 1),
        `sha256:${image.split(':')[1]}`,
        name,
      ].join('\t'),
    );
    return [...lines, 'end', ''].join('\n');
  }
}

/** Whether it is up and has not failed. */
export const isWell = ({ state, restarts, labels }: EngineContainer): boolean =>
  state === 'running' && restarts === 0 && !['exits', 'sick'].includes(fateOf(labels['version'] ?? ''));
