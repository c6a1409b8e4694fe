// What the engines of a machine know. Immutable and plain, as the rest of what a machine knows beside its files.

export type EngineKind = 'docker' | 'podman';

/** What an image says of the containers that are made from it. */
export interface ImageConfig {
  readonly Env: readonly string[];
  readonly Cmd: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly ExposedPorts: readonly string[];
  readonly User: string;
  readonly WorkingDir: string;
}

export interface Image {
  /** `sha256:` and 64 digits: of what is in it, so that the same files give the same image on every machine. */
  readonly id: string;
  readonly size: number;
  /** When this machine got it, in milliseconds since the epoch. */
  readonly created: number;
  /** Full names with their tags, as `docker.io/library/postgres:17`. */
  readonly tags: readonly string[];
  /** Full names with the digests that registries know them by. */
  readonly digests: readonly string[];
  readonly config: ImageConfig;
}

/** A port of the machine that leads to one of a container. */
export interface Publication {
  /** `0.0.0.0` for all addresses. */
  readonly address: string;
  readonly port: number;
  /** As `8080/tcp`. */
  readonly target: string;
}

export interface RestartPolicy {
  readonly name: 'no' | 'always' | 'on-failure' | 'unless-stopped';
  /** 0 for without end. */
  readonly retries: number;
}

export interface Mount {
  readonly type: 'volume' | 'bind';
  /** The volume's name, or the folder. */
  readonly source: string;
  readonly target: string;
  readonly isReadOnly: boolean;
}

/** What a container was made with. */
export interface ContainerConfig extends ImageConfig {
  readonly isTask: boolean;
  readonly removesItself: boolean;
  readonly publications: readonly Publication[];
  readonly restart: RestartPolicy;
  readonly mounts: readonly Mount[];
  readonly memory: number;
  readonly nanoCpus: number;
  readonly stopSeconds: number;
  readonly network: string;
  readonly extraHosts: readonly string[];
  readonly logOptions: Readonly<Record<string, string>>;
}

export interface Container {
  readonly id: string;
  readonly name: string;
  /** The image's id, and what it was called when the container was made. */
  readonly image: string;
  readonly imageName: string;
  readonly config: ContainerConfig;
  readonly created: number;
  readonly status: 'created' | 'running' | 'paused' | 'restarting' | 'exited';
  readonly exitCode: number;
  /** 0 for never, as all times here. */
  readonly startedAt: number;
  readonly finishedAt: number;
  /** When it ends by itself, or is started again, and the exit code that it ends with. */
  readonly next: { readonly at: number; readonly exitCode: number } | undefined;
  readonly restartCount: number;
  /** A person or program stopped it. */
  readonly wasStopped: boolean;
  /** It is to run again when its engine does. */
  readonly resumes: boolean;
  readonly pid: number;
}

export interface VolumeFacts {
  readonly created: number;
  readonly labels: Readonly<Record<string, string>>;
  /** The folder that stands for it, of one that was made with `o=bind`. */
  readonly device?: string;
}

/** What docker's daemon read when it started or was told to read again. */
export interface DaemonSettings {
  readonly insecureRegistries: readonly string[];
  readonly isLiveRestore: boolean;
}

export interface EngineState {
  readonly images: readonly Image[];
  readonly containers: readonly Container[];
  readonly volumes: Readonly<Record<string, VolumeFacts>>;
  readonly settings: DaemonSettings;
}

export const EMPTY_ENGINE: EngineState = {
  images: [],
  containers: [],
  volumes: {},
  settings: { insecureRegistries: [], isLiveRestore: false },
};
