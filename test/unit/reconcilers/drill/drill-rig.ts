import type { Cloud } from '../../../../clients/digitalocean/cloud.ts';
import { CloudError } from '../../../../clients/digitalocean/errors.ts';
import { DROPLETS } from '../../../../clients/kubernetes/kinds.ts';
import { fingerprintOfLine } from '../../../../clients/ssh/fingerprint.ts';
import { drillUidOf, nonceOf } from '../../../../crds/cloud-tags.ts';
import type { Droplet } from '../../../../crds/droplet.ts';
import { DRILL_ANNOTATION } from '../../../../crds/names.ts';
import type { AdminAccess } from '../../../../reconcilers/firewall/admin-access.ts';
import { DRILL, type Context } from '../../../../reconcilers/drill/concern.ts';
import { reconcileDrill } from '../../../../reconcilers/drill/reconcile.ts';
import { sweepDrillServer } from '../../../../reconcilers/drill/sweep.ts';
import { firstHostKey } from '../../../../reconcilers/host/first-host-key.ts';
import { isWaiting } from '../../../../reconcilers/outcome.ts';
import { createSince } from '../../../../reconcilers/since.ts';
import { aDroplet, aProject, aServiceDeployment, activeStatus } from '../../../builders/objects.ts';
import { fakeSsh } from '../../../fakes/ssh.ts';
import { createRig, ownOf, tagsFor } from '../reconcile-rig.ts';

const KEY = 'default/shop-web1';
const PRIVATE_KEY = { reveal: () => 'the private key of the fleet' };

/** The operator dies at that call: before it, or after it took effect. */
interface Crash {
  at: number;
  isAfter: boolean;
}

class Died extends Error {}

/** Calls that change something, of which one is the operator's last. */
function mortal<T extends object>(
  target: T,
  isEffect: (name: string) => boolean,
  die: () => Crash | undefined,
) {
  return new Proxy(target, {
    get(object, name) {
      const member = object[name as keyof T];
      if (typeof member !== 'function' || !isEffect(String(name))) return member;
      return async (...args: unknown[]): Promise<unknown> => {
        const crash = die();
        if (crash !== undefined && !crash.isAfter) throw new Died();
        const result = await (member as (...args: unknown[]) => Promise<unknown>).apply(object, args);
        if (crash !== undefined) throw new Died();
        return result;
      };
    },
  });
}

const CLOUD_EFFECTS = /^(create|delete|update|tag)/;
const API_EFFECTS = /^(create|patch|replace|delete)$/;

/**
 * A web that serves, with a snapshot from before it did; its drill is reconciled by hand.
 *
 * @param lagMs for how long a new server is in no list.
 */
export async function startDrill({ lagMs = 0 } = {}) {
  const web = aDroplet('shop-web1', { status: activeStatus(7) });
  const rig = createRig([
    aProject('shop', { spec: { servers: 2 } }),
    web,
    aServiceDeployment(
      'shop-prod-site',
      { 'shop-web1': '10.0.0.7:8123' },
      {
        spec: { healthCheck: { path: '/health' } },
        status: { deployedAt: '2025-12-30T00:00:00Z', endpoints: [] },
      },
    ),
  ]);
  rig.cloud.addDroplet({ id: 7, name: 'shop-web1', tags: tagsFor(web) });
  rig.cloud.addSnapshot({
    id: '99',
    name: 'nightly',
    tags: tagsFor(web),
    dropletId: 7,
    createdAt: '2025-12-31T00:00:00Z',
  });
  await rig.informer.refresh();
  const ssh = fakeSsh();
  const commands: string[][] = [];
  const container = `shop-prod-site\tu\tservice\tr1\tv1\t8123\trunning\t0\t0\tsha256:1\t/shop-prod-site-r1\nend\n`;
  const machine = { containers: container, check: { code: 0, stdout: '' } };
  let access: AdminAccess = { isKnown: true, sources: ['203.0.113.9'] };
  const hosts = {
    ssh,
    port: 22,
    privateKey: PRIVATE_KEY,
    publicKey: 'ssh-ed25519 AAAA fleet',
    engine: 'docker',
  };
  let effects = 0;
  let crash: Crash | undefined;
  const die = (): Crash | undefined => (effects++ === crash?.at ? crash : undefined);
  const madeAt = new Map<number, number>();
  const lagging = new Proxy<Cloud>(rig.context.cloud, {
    get: (target, name) =>
      name !== 'listDroplets'
        ? target[name as keyof Cloud]
        : async (tag: string) => {
            const now = rig.clock.monotonic();
            const all = await target.listDroplets(tag);
            for (const { id } of all) if (!madeAt.has(id)) madeAt.set(id, now);
            return all.filter(({ id }) => now - madeAt.get(id)! >= lagMs);
          },
  });
  let context: Context;
  const restart = (): void => {
    context = {
      ...rig.context,
      ...ownOf(DRILL),
      hosts: hosts as never,
      cloud: mortal<Cloud>(lagging, name => CLOUD_EFFECTS.test(name), die),
      kubernetes: mortal(rig.context.kubernetes, name => API_EFFECTS.test(name), die),
      since: createSince(rig.clock),
    };
  };
  restart();

  const droplet = (): Droplet | undefined => rig.client.stored(DROPLETS, KEY);
  const servers = () => [...rig.cloud.droplets.values()].filter(({ tags }) => drillUidOf(tags) !== undefined);

  /** What was asked for boots, with the host key of its user data. */
  function boot(): void {
    for (const { id, status, tags } of servers()) {
      if (status !== 'new') continue;
      const { publicAddress } = rig.cloud.finishBoot(id);
      ssh.hosts.set(publicAddress!, {
        hostKey: fingerprintOfLine(firstHostKey({ privateKey: PRIVATE_KEY }, nonceOf(tags)!).publicKey),
        files: new Map(),
        answer: argv => {
          commands.push(argv.slice(argv[2] === 'sh' ? 5 : 2));
          if (argv[5] === 'dropfleet-containers') return { stdout: machine.containers };
          return argv[5] === 'dropfleet-check-restored' ? machine.check : {};
        },
      });
    }
  }

  const tools = { hosts: hosts as never, adminAccess: () => Promise.resolve(access) };

  /** One reconcile; how long until the next, undefined when it waits for nothing. An operator that died is started again. */
  async function step(): Promise<number | undefined> {
    try {
      return (await reconcileDrill(context, tools, droplet(), rig.run))?.requeueAfterMs;
    } catch (error) {
      if (error instanceof Died) restart();
      else if (!isWaiting(error) && !(error instanceof CloudError)) throw error;
      return isWaiting(error) ? error.afterMs : 1_000;
    }
  }

  return {
    ...rig,
    commands,
    machine,
    droplet,
    servers,
    boot,
    step,
    drill: () => droplet()?.status?.drill,
    firewalls: () => [...rig.cloud.firewalls.values()],
    refuseAdmins: (problem: string) => void (access = { isKnown: false, problem }),
    /** As a person asks by the command. */
    ask: (request = 'one') =>
      rig.client.patch(DROPLETS, KEY, { metadata: { annotations: { [DRILL_ANNOTATION]: request } } }),
    dieAt: (when: Crash) => void (crash = when),
    effects: () => effects,
    sweep: async (id: number) => {
      await rig.informer.refresh();
      return await sweepDrillServer(context, `${id}`, rig.run);
    },
    /** Until nothing is waited for; what is seen after each step is told. */
    async run(look: () => void = () => undefined, mayBoot: () => boolean = () => true): Promise<void> {
      for (let turns = 0; turns < 2_000; turns++) {
        const ms = await step();
        look();
        if (mayBoot()) boot();
        if (ms === undefined) return;
        await rig.clock.advance(ms);
      }
      throw new Error(`it never ends: ${JSON.stringify(droplet()?.status?.drill)}`);
    },
  };
}
