import type { HostAccess, SshHost, SshPool } from '../../clients/ssh/ssh.ts';

/** A pool that notes what goes through it. */
export interface CountedSsh {
  readonly pool: SshPool;
  /** The names of the commands: scripts by their `$0`, written files as `write PATH`. */
  readonly commands: string[];
  /** How often hosts were looked at. */
  probes(): number;
  /** Resolves once the condition holds; it is looked at after every command that begins. */
  until(condition: () => boolean): Promise<void>;
}

/** Notes the commands that go through the pool. */
export function countCommands(pool: SshPool): CountedSsh {
  const commands: string[] = [];
  const waiting = new Set<() => void>();
  const note = (name: string): void => {
    commands.push(name);
    for (const check of waiting) check();
  };
  const nameOf = (argv: readonly string[]): string => argv[5] ?? argv.join(' ');
  const host = (access: HostAccess): SshHost => {
    const real = pool.host(access);
    return {
      ...real,
      run(argv, options) {
        note(nameOf(argv));
        return real.run(argv, options);
      },
      succeed(argv, options) {
        note(nameOf(argv));
        return real.succeed(argv, options);
      },
      writeFile(path, ...rest) {
        note(`write ${path}`);
        return real.writeFile(path, ...rest);
      },
    };
  };
  return {
    pool: { host, close: () => pool.close() },
    commands,
    probes: () => commands.filter(name => name === 'dropfleet-probe').length,
    until: condition =>
      new Promise(resolve => {
        const check = (): void => {
          if (!condition()) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
  };
}
