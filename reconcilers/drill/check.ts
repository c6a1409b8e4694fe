import { isSshError } from '../../clients/ssh/errors.ts';
import { fingerprintOfLine } from '../../clients/ssh/fingerprint.ts';
import type { SshHost } from '../../clients/ssh/ssh.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { projectKeyOf, SERVICES_BY_PROJECT, type Hosts } from '../context.ts';
import { HOST_USER, type Engine } from '../host/desired.ts';
import { engineFor } from '../host/engine.ts';
import { firstHostKey } from '../host/first-host-key.ts';
import { checkRestored, observeContainers } from '../service/commands.ts';
import { parseContainers } from '../service/facts.ts';
import { planChecks, verdictOn, type ServiceCheck, type ServiceResult } from './checks-plan.ts';
import type { Context } from './concern.ts';
import type { Drill } from './plan.ts';

/** The way to the server of a drill. Its host key follows from its nonce, and is known before the first connection. */
function hostOf({ ssh, port, privateKey }: Hosts, { address, nonce }: Drill): SshHost {
  const { publicKey } = firstHostKey({ privateKey }, nonce!);
  const hostKeys = [fingerprintOfLine(publicKey)];
  return ssh.host({ address: address!, port, user: HOST_USER, privateKey, hostKeys });
}

/** Why SSH does not let us in; undefined when it does. */
export async function connectTo(
  hosts: Hosts,
  drill: Drill,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await hostOf(hosts, drill).hostKey({ signal });
    return undefined;
  } catch (error) {
    if (!isSshError(error) || signal.aborted) throw error;
    return error.message;
  }
}

/** How the server is, once all was asked; before that what is waited for, in a sentence. */
export async function checkServer(
  context: Context,
  hosts: Hosts,
  droplet: Droplet,
  signal: AbortSignal,
): Promise<ReturnType<typeof verdictOn> | string> {
  const drill = droplet.status!.drill!;
  const project = projectKeyOf(droplet);
  const engine = engineFor(context, hosts, project);
  const ssh = hostOf(hosts, drill);
  try {
    const { code, stderr } = await ssh.run(['sudo', '-n', engine, 'ps', '-q'], { signal });
    if (code !== 0)
      return `${engine} does not answer yet: ${stderr.trim().slice(-300) || `exit code ${code}`}`;
    const containers = parseContainers((await ssh.succeed(observeContainers(engine), { signal })).stdout);
    if (containers === undefined) return `${engine} does not list its containers yet`;
    const checks = planChecks({
      droplet,
      project: context.projects.get(project),
      services: context.services.byIndex(SERVICES_BY_PROJECT, project),
      containers,
      snapshotCreatedAt: drill.snapshotCreatedAt!,
    });
    return verdictOn(engine, await Promise.all(checks.map(check => ask(ssh, engine, check, signal))));
  } catch (error) {
    if (!isSshError(error) || signal.aborted) throw error;
    return error.message;
  }
}

/** Longer than the script waits. */
const MARGIN_MS = 60_000;

async function ask(
  ssh: SshHost,
  engine: Engine,
  check: ServiceCheck,
  signal: AbortSignal,
): Promise<ServiceResult> {
  if (check.ask === undefined) return { check, problem: 'the snapshot has no container of it' };
  const timeoutMs = check.ask.withinSeconds * 1_000 + MARGIN_MS;
  const { code, stdout, stderr } = await ssh.run(checkRestored(engine, check.ask), { signal, timeoutMs });
  if (code === 0) return { check };
  const why = stdout.trim() || stderr.trim().slice(-300) || `exit code ${code}`;
  return { check, problem: why.split(/[\r\n]+/).join(' | ') };
}
