import type { Variable } from './environment-plan.ts';

/** An environment as `scripts/environment.sh` reads it from standard input. */
export interface RenderedEnvironment {
  /** Shows every value: for standard input alone. */
  reveal(): string;
  /** The names of variables that cannot be handed to a container as they are. */
  refused: string[];
}

/**
 * Names that the script passes on through its own environment. Those that the shell, the loader, or the engine's own
 * program would heed there go into a file instead.
 */
const EXPORTABLE = /^(?!__)[A-Za-z_][A-Za-z0-9_]*$/;
const HEEDED =
  /^(PATH|HOME|IFS|ENV|CDPATH|PWD|OLDPWD|PPID|LINENO|OPT[A-Z]+|PS[0-9]|TMPDIR|LD_\w*|GODEBUG|GOGC|GOMAXPROCS|GOMEMLIMIT|GOTRACEBACK|GOCOVERDIR|GLIBC_TUNABLES|MALLOC_\w*|\w*_PROXY|SSL_CERT_\w+|DOCKER_\w*|BUILDKIT_\w*|CONTAINER\w*|_CONTAINERS_\w*|PODMAN_\w*|BUILDAH_\w*|STORAGE_\w*|NETAVARK_\w*|REGISTRY_AUTH_FILE|XDG_\w*|DBUS_\w*|SYSTEMD_\w*|NOTIFY_SOCKET|LISTEN_\w*|OTEL_\w*)$/i;

/** Names that env files know. */
const FILED = /^[A-Za-z_][\w.-]*$/;
/**
 * Values that every version of both engines takes out of an env file as they were put in: Docker drops a CR at a
 * line's end and refuses 64 KiB, Podman 4.5 to 4.9 cut at # and heed quotes.
 */
const PLAIN = /^(?!\s)[^\0\r\n#"'`]{0,60000}(?<!\s)$/;

/** The longest variable that Linux hands to a program: 128 KiB with its name, the = and the zero at its end. */
const LONGEST = 131_072;

/**
 * One line for each variable: `-NAME BASE64` for one that the script passes on through its own environment, and
 * `NAME=value` for one that it puts into the env file.
 */
export function renderEnvironment(variables: readonly Variable[]): RenderedEnvironment {
  const lines = variables.map(([name, value]) => {
    const text = typeof value === 'string' ? value : value.reveal();
    return { name, line: lineOf(name, text) };
  });
  return {
    reveal: () => lines.flatMap(({ line }) => (line === undefined ? [] : [`${line}\n`])).join(''),
    refused: lines.filter(({ line }) => line === undefined).map(({ name }) => name),
  };
}

function lineOf(name: string, value: string): string | undefined {
  const bytes = Buffer.from(value);
  if (value.includes('\0') || name.length + bytes.length + 2 > LONGEST) return undefined;
  if (EXPORTABLE.test(name) && !HEEDED.test(name)) return `-${name} ${bytes.toString('base64')}`;
  return FILED.test(name) && PLAIN.test(value) ? `${name}=${value}` : undefined;
}
