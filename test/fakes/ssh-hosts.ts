import { createHash } from 'node:crypto';
import { CommandFailed, HostKeyMismatch, HostUnreachable } from '../../clients/ssh/errors.ts';
import { fingerprintOf } from '../../clients/ssh/fingerprint.ts';
import type { CommandResult, HostAccess, SshHost, SshPool } from '../../clients/ssh/ssh.ts';
import type { Service, Tool } from '../../reconcilers/host/desired.ts';
import type { Reload } from '../../reconcilers/host/files.ts';
import { aNginx, carryOutOnNginx, factsOf as factsOfNginx, type FakeNginx } from './nginx.ts';

/** A machine as far as the host reconciler asks and changes it; a test may change anything of it. */
export interface FakeMachine {
  hostKey: Buffer;
  stagedHostKey: Buffer | undefined;
  boot: string;
  bootLog: string;
  /** KiB. */
  freeDisk: number;
  isContainer: boolean;
  hasSwap: boolean;
  isMetadataClosed: boolean;
  tools: Set<Tool>;
  services: Set<Service>;
  /** Whether a service that runs also answers. */
  answers: boolean;
  files: Map<string, string>;
  stale: Set<Reload>;
  nginx: FakeNginx;
  /** What it prints for other sections of a probe, by name. */
  sections: Map<string, string>;
}

/** Machines by address, and what was done on them. */
export interface FakeSshHosts extends SshPool {
  readonly machines: Map<string, FakeMachine>;
  /** The names of the commands, and what they were given, in order. */
  readonly commands: string[];
  /** The next command of that name fails so, after its effect with `afterEffect`. */
  failNext(
    name: string,
    failure: Error | { code: number; stderr: string },
    afterEffect?: 'afterEffect',
  ): void;
}

const OK = { code: 0, stdout: '', stderr: '' };
type Answer = typeof OK;

/** A machine whose image has everything and that has booted without dropfleet's user data. */
export const aMachine = (parts: Partial<FakeMachine> = {}): FakeMachine => ({
  hostKey: Buffer.from('first'),
  stagedHostKey: undefined,
  boot: 'done',
  bootLog: '',
  freeDisk: 10_000_000,
  isContainer: false,
  hasSwap: false,
  isMetadataClosed: false,
  tools: new Set<Tool>(['dockerd', 'nginx', 'nft', 'unattended-upgrade']),
  services: new Set<Service>(['docker']),
  answers: true,
  files: new Map(),
  stale: new Set(),
  nginx: aNginx(),
  sections: new Map(),
  ...parts,
});

/** No machine at all. An address without one cannot be reached. */
export function fakeSshHosts(): FakeSshHosts {
  const machines = new Map<string, FakeMachine>();
  const commands: string[] = [];
  const failures: {
    name: string;
    failure: Error | { code: number; stderr: string };
    afterEffect: boolean;
  }[] = [];

  function connect({ address, hostKeys }: HostAccess): FakeMachine {
    const machine = machines.get(address);
    if (machine === undefined) throw new HostUnreachable(`${address} cannot be reached`);
    const shown = fingerprintOf(machine.hostKey);
    if (hostKeys.includes(shown)) return machine;
    throw new HostKeyMismatch(`${address} shows another host key`, hostKeys, shown);
  }

  function perform(
    access: HostAccess,
    name: string,
    args: string[],
    effect: (machine: FakeMachine) => Answer,
  ) {
    const machine = connect(access);
    commands.push(
      [name, ...(name === 'dropfleet-probe' ? sectionsOf(args).map(([section]) => section) : args)].join(' '),
    );
    const index = failures.findIndex(failure => failure.name === name);
    const [planned] = index < 0 ? [] : failures.splice(index, 1);
    if (planned === undefined) return effect(machine);
    if (planned.afterEffect) effect(machine);
    if (planned.failure instanceof Error) throw planned.failure;
    return { ...OK, ...planned.failure };
  }

  function host(access: HostAccess): SshHost {
    const run: SshHost['run'] = (argv, { stdin } = {}) =>
      settle(() => {
        const [name, args] = nameOf(argv);
        return resultOf(
          perform(access, name, args, machine =>
            name.startsWith('dropfleet-lb-')
              ? carryOutOnNginx(machine.nginx, name, args, stdin as string | Buffer)
              : carryOut(machine, name, args),
          ),
        );
      });
    return {
      run,
      async succeed(argv, options) {
        const result = await run(argv, options);
        if (result.code !== 0)
          throw new CommandFailed(`${nameOf(argv)[0]} failed: ${result.stderr}`, result.code, result.stderr);
        return result;
      },
      writeFile: (path, content) =>
        settle(() => {
          const answer = perform(access, 'write-file', [path], machine => {
            machine.files.set(path, content.toString());
            return OK;
          });
          if (answer.code !== 0) throw new CommandFailed(answer.stderr, answer.code, answer.stderr);
        }),
      forward: () => Promise.reject(new Error('this fake forwards nothing')),
      hostKey: () => settle(() => `ssh-ed25519 ${connect(access).hostKey.toString('base64')}`),
    };
  }

  return {
    machines,
    commands,
    failNext: (name, failure, afterEffect) =>
      void failures.push({ name, failure, afterEffect: afterEffect !== undefined }),
    host,
    close: () => undefined,
  };
}

/** As a promise: what is thrown rejects it. */
const settle = <T>(work: () => T): Promise<T> => new Promise(resolve => resolve(work()));

/** `sudo -n sh -c <script> <name> <args>`, or the command itself after `sudo -n`. */
const nameOf = (argv: readonly string[]): [name: string, args: string[]] =>
  argv[2] === 'sh' ? [argv[5]!, argv.slice(6)] : [argv[2]!, argv.slice(3)];

const resultOf = (answer: Answer): CommandResult => ({ ...answer, stdoutBytes: Buffer.from(answer.stdout) });

function carryOut(machine: FakeMachine, name: string, args: string[]): Answer {
  switch (name) {
    case 'dropfleet-probe':
      return { ...OK, stdout: answerTo(args, machine) };
    case 'dropfleet-provide':
      for (const tool of args.slice(1)) machine.tools.add(tool as Tool);
      return OK;
    case 'dropfleet-reload':
      machine.stale.delete(args[0] as Reload);
      if (args[0] === 'metadata') machine.isMetadataClosed = true;
      if (args[0] === 'docker') machine.answers = machine.services.add('docker').has('docker');
      return OK;
    case 'dropfleet-start':
      machine.services.add(args[0] as Service);
      return OK;
    case 'dropfleet-swap':
      machine.hasSwap = true;
      return OK;
    case 'dropfleet-stage-host-key':
      machine.stagedHostKey ??= Buffer.from('second');
      return { ...OK, stdout: `${fingerprintOf(machine.stagedHostKey)}\n` };
    case 'dropfleet-switch-host-key':
      machine.hostKey = machine.stagedHostKey ?? machine.hostKey;
      machine.stagedHostKey = undefined;
      return OK;
    case 'mkdir':
      return OK;
    default:
      throw new Error(`a machine that knows no ${name}`);
  }
}

/** The sections that a probe asks for, with their arguments, out of MARK SECONDS (SECTION SCRIPT ARGUMENTS)... */
const sectionsOf = ([, , ...words]: readonly string[]): [name: string, args: string[]][] =>
  words.flatMap((word, i) => (i % 3 === 0 ? [[word, words[i + 2]!.split('\n')]] : []));

const answerTo = (args: readonly string[], machine: FakeMachine): string =>
  sectionsOf(args)
    .map(([name, words]) => `${sectionOf(machine, name, words)}\n${args[0]} ${name} 0\n`)
    .join('');

/** What a machine says of what it has none of. */
const NOTHING_THERE: Readonly<Record<string, string>> = { containers: 'end\n', 'data-volume': '' };

function sectionOf(machine: FakeMachine, name: string, args: string[]): string {
  if (name === 'host') return factsOf(machine, args.slice(1));
  if (name === 'load-balancer') return factsOfNginx(machine.nginx);
  const output = machine.sections.get(name) ?? NOTHING_THERE[name];
  if (output === undefined) throw new Error(`a machine that knows no section ${name}`);
  return output;
}

function factsOf(machine: FakeMachine, paths: string[]): string {
  const when = (holds: boolean, line: string): string[] => (holds ? [line] : []);
  return [
    `boot\t${machine.boot}`,
    `boot-log\t${Buffer.from(machine.bootLog).toString('base64')}`,
    `disk\t26000000\t${machine.freeDisk}`,
    ...when(machine.hasSwap, 'swap\ton'),
    ...when(machine.isContainer, 'container'),
    ...[...machine.tools].map(tool => `tool\t${tool}`),
    ...[...machine.services].map(service => `service\t${service}`),
    ...when(machine.answers && machine.services.has('docker'), 'engine\tdocker\t26.1'),
    ...when(machine.isMetadataClosed, 'metadata\tclosed'),
    ...paths
      .map(path => path.slice(path.indexOf(':') + 1))
      .filter(path => machine.files.has(path))
      .map(path => `file\t${digest(machine.files.get(path)!)}\t644\troot:root\t${path}`),
    ...[...machine.stale].map(reload => `stale\t${reload}`),
    'end',
    '',
  ].join('\n');
}

const digest = (content: string): string => createHash('sha256').update(content).digest('hex');
