import { isCloudNotFound, isDoubtful, isInvalidKey, isRefused } from '../../clients/digitalocean/errors.ts';
import { addFinalizer, removeFinalizers } from '../../clients/kubernetes/finalizer.ts';
import { DROPLETS } from '../../clients/kubernetes/kinds.ts';
import { apiTag, drillTag, fleetTag, nonceOf, nonceTag, VERIFIED_TAG } from '../../crds/cloud-tags.ts';
import { toKubernetesTime } from '../../crds/conditions.ts';
import type { Droplet, DropletStatus } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { DRILL_ANNOTATION, DRILL_FINALIZER } from '../../crds/names.ts';
import type { Hosts } from '../context.ts';
import { execute, type Executors } from '../executors.ts';
import type { AdminAccess } from '../firewall/admin-access.ts';
import { firstHostKey } from '../host/first-host-key.ts';
import { renderLogin } from '../host/render.ts';
import { Waiting } from '../outcome.ts';
import { putTag } from '../put-tag.ts';
import type { Run } from '../run.ts';
import { writeDropletStatus } from '../status/write.ts';
import { checkServer, connectTo } from './check.ts';
import type { Context } from './concern.ts';
import { drillFirewall, putDrillFirewall, removeDrillFirewall } from './firewall.ts';
import { forgetDrill, noteEnd, noteRequest } from './observe.ts';
import type { Drill, DrillStep, DrillView } from './plan.ts';
import { askerOf, destroyDrillServers, drillAsk } from './server.ts';
import { verifiedRestoreOf } from './status.ts';

/** What drills work with besides the context. */
export interface DrillTools {
  readonly hosts: Hosts;
  /** Whom SSH lets in at this moment. */
  readonly adminAccess: (signal: AbortSignal) => Promise<AdminAccess>;
}

/** What a step is done to, and with. */
export interface DrillScene extends DrillTools {
  readonly context: Context;
  readonly droplet: Droplet;
  readonly view?: DrillView;
  readonly run: Run;
}

/** How each step is done. Every one may be cut off anywhere; the next plan starts from what there is. */
const executors: Executors<DrillStep, [scene: DrillScene]> = {
  refuse: async ({ request, message }, scene) => {
    const at = now(scene);
    await writeDrill(scene, {
      request,
      step: 'Done',
      startedAt: at,
      result: 'Failed',
      message,
      finishedAt: at,
    });
    announce(scene, 'Failed', message);
  },
  begin: ({ request, snapshot }, scene) =>
    writeDrill(scene, {
      request,
      step: 'Preparing',
      startedAt: now(scene),
      snapshotID: snapshot.id,
      snapshotCreatedAt: snapshot.createdAt,
    }),
  'take-off-word': async (_step, { context, droplet, run }) => {
    const { uid, resourceVersion } = droplet.metadata;
    const patch = { metadata: { uid, resourceVersion, annotations: { [DRILL_ANNOTATION]: null } } };
    run.wrote(await context.kubernetes.patch(DROPLETS, keyOf(droplet), patch, { signal: run.signal }));
  },
  'add-finalizer': async (_step, { context, droplet, run }) => {
    await addFinalizer(context.kubernetes, DROPLETS, droplet, DRILL_FINALIZER, run);
  },
  launch: (_step, scene) => launch(scene),
  note: ({ fields }, scene) => note(scene, withTimes(fields, scene)),
  connect: (_step, scene) => connect(scene),
  check: (_step, scene) => check(scene),
  fail: ({ message }, scene) => end(scene, { result: 'Failed', message }),
  destroy: ({ ids }, scene) => destroy(ids, scene),
  finish: (_step, scene) => finish(scene),
  'remove-finalizer': (_step, { context, droplet, run }) =>
    removeFinalizers(context.kubernetes, DROPLETS, droplet, [DRILL_FINALIZER], run),
  wait: () => Promise.resolve(),
};

/** Does one step. */
export const applyStep = (step: DrillStep, scene: DrillScene): Promise<void> =>
  execute(executors, step, scene);

const now = ({ context }: DrillScene): string => toKubernetesTime(new Date(context.clock.now()));

const drillOf = ({ droplet }: DrillScene): Drill => droplet.status!.drill!;

async function writeDrill(
  { context, droplet, run }: DrillScene,
  drill: Drill,
  others: Pick<DropletStatus, 'verifiedRestore'> = {},
  onConflict: 'fail' | 'retry' = 'fail',
): Promise<void> {
  await writeDropletStatus(context, 'drill', droplet, { fields: { drill, ...others } }, run, onConflict);
}

/** What was seen or done is so, whoever else has written meanwhile. What was waited for is no more. */
async function note(scene: DrillScene, fields: Partial<Drill>): Promise<void> {
  const { message: _waited, ...drill } = drillOf(scene);
  await writeDrill(scene, { ...drill, ...fields }, {}, 'retry');
}

const withTimes = (fields: Partial<Drill>, scene: DrillScene): Partial<Drill> =>
  fields.step === 'Connecting' ? { ...fields, activeAt: now(scene) } : fields;

/** What is waited for stands in the status, written when it is news. */
async function waitFor(scene: DrillScene, what: string, ms: number): Promise<never> {
  const message = what.slice(0, LONGEST_WAIT);
  if (drillOf(scene).message !== message) await note(scene, { message });
  throw new Waiting(message, ms);
}

const LONGEST_WAIT = 1_000;

/** How it went is known: from here on all of it is removed. */
const end = (scene: DrillScene, ended: Required<Pick<Drill, 'result' | 'message'>>): Promise<void> =>
  note(scene, { ...ended, step: 'Removing' });

/** The firewall first, then the nonce, then the server: so that none is there without the one before it. */
async function launch(scene: DrillScene): Promise<void> {
  const { context, droplet, hosts, run, adminAccess } = scene;
  const { timings, cloud, newNonce } = context;
  const access = await adminAccess(run.signal);
  if (!access.isKnown) return await waitFor(scene, access.problem, timings.retryMs);
  const answer = await context.gate.ask(drillAsk(context, askerOf(droplet), droplet, [{ verb: 'buy' }]), run);
  if (answer.type === 'wait') throw new Waiting('the gate waits', answer.ms);
  if (answer.type === 'hold') return await waitFor(scene, answer.message, timings.retryMs);
  const uid = droplet.metadata.uid!;
  await putDrillFirewall(context, drillFirewall(context.fleetId, uid, hosts.port, access.sources), run);
  const key = await run.fenced(signal => context.sshKey.id(signal));
  const nonce = newNonce();
  const drill: Drill = { ...drillOf(scene), step: 'Creating', nonce, launchedAt: now(scene) };
  delete drill.message;
  // As it was read: a former leader may have asked for a server that this cache does not know of yet.
  const written = await writeDropletStatus(context, 'drill', droplet, { fields: { drill } }, run, 'fail');
  const asked = { ...scene, droplet: written };
  try {
    const server = await run.fenced(signal => cloud.createDroplet(requestFor(asked, drill, key), signal));
    run.log.info(`creating droplet ${server.id} for a restore drill`);
    await note(asked, { serverID: server.id });
  } catch (error) {
    if (isInvalidKey(error)) context.sshKey.forget();
    if (isDoubtful(error)) throw error;
    // There surely is none: it is asked for again, unless that would be refused again.
    const { nonce: _unused, launchedAt: _never, ...rest } = drill;
    const next = afterRefusal(error);
    await writeDrill(asked, { ...rest, ...next }, {}, 'retry');
    if (next.result === undefined) throw error;
  } finally {
    noteRequest(context, droplet, nonce);
  }
}

function afterRefusal(error: unknown): Pick<Drill, 'step' | 'result' | 'message'> {
  if (!isRefused(error) || isInvalidKey(error)) return { step: 'Preparing' };
  return { step: 'Removing', result: 'Failed', message: `DigitalOcean refused the server: ${error.message}` };
}

function requestFor({ context, droplet, hosts }: DrillScene, { nonce, snapshotID }: Drill, sshKey: number) {
  const { metadata, spec } = droplet;
  return {
    name: `${metadata.name}-drill`,
    region: spec.region,
    size: spec.size,
    image: snapshotID!,
    tags: [fleetTag(context.fleetId), apiTag(context.apiId), drillTag(metadata.uid!), nonceTag(nonce!)],
    sshKeys: [sshKey],
    userData: renderLogin(firstHostKey(hosts, nonce!), hosts.publicKey),
  };
}

async function connect(scene: DrillScene): Promise<void> {
  const problem = await connectTo(scene.hosts, drillOf(scene), scene.run.signal);
  if (problem === undefined) return await note(scene, { step: 'Checking', connectedAt: now(scene) });
  await waitFor(scene, problem, scene.context.timings.pollMs);
}

async function check(scene: DrillScene): Promise<void> {
  const { context, droplet, hosts, run } = scene;
  const found = await checkServer(context, hosts, droplet, run.signal);
  if (typeof found === 'string') return await waitFor(scene, found, context.timings.pollMs);
  const passed = found.result === 'Passed' ? { answeredAt: now(scene) } : {};
  await note(scene, { ...found, ...passed, step: 'Removing' });
}

async function destroy(ids: readonly number[], scene: DrillScene): Promise<void> {
  const { context, droplet, run, view } = scene;
  const effects = ids.map(server => ({ verb: 'destroy' as const, server }));
  const { nonce } = drillOf(scene);
  const isOwn = (id: number): boolean =>
    view!.servers.some(({ id: other, tags }) => other === id && nonceOf(tags) === nonce);
  const ask = drillAsk(context, askerOf(droplet), droplet, effects);
  const answer = await destroyDrillServers(context, ask, droplet.metadata.uid!, run, id => {
    if (isOwn(id)) noteEnd(context, droplet, nonce!);
  });
  if (answer.type === 'wait') throw new Waiting('the gate waits', answer.ms);
  if (answer.type === 'hold') throw new Waiting(answer.message, context.timings.retryMs);
}

/** Nothing is paid for any more. */
async function finish(scene: DrillScene): Promise<void> {
  const { context, droplet, run } = scene;
  const { metrics } = context;
  const drill: Drill = { ...drillOf(scene), step: 'Done', finishedAt: now(scene) };
  await removeDrillFirewall(context, droplet.metadata.uid!, run);
  const verifiedRestore = verifiedRestoreOf(drill);
  if (verifiedRestore !== undefined) await markVerified(scene, verifiedRestore.snapshotID);
  await writeDrill(scene, drill, verifiedRestore && { verifiedRestore }, 'retry');
  forgetDrill(context, droplet);
  const { result = 'Failed', message = '' } = drill;
  if (verifiedRestore?.secondsToAnswer !== undefined)
    metrics.seconds.observe(verifiedRestore.secondsToAnswer);
  announce(scene, result, message);
}

function announce({ context, droplet, run }: DrillScene, result: 'Passed' | 'Failed', message: string): void {
  context.metrics.drills.inc({ result });
  const text = `restore drill ${result.toLowerCase()}: ${message}`;
  if (result === 'Passed') run.log.info(text);
  else run.log.warn(text);
  context.events.record(droplet, result === 'Passed' ? 'Normal' : 'Warning', `Drill${result}`, text);
}

/** So that retention keeps it; one that was removed meanwhile needs no mark. */
async function markVerified({ context: { cloud }, run }: DrillScene, snapshot: string): Promise<void> {
  try {
    await putTag(cloud, VERIFIED_TAG, run, signal => cloud.tagSnapshot(snapshot, VERIFIED_TAG, signal));
  } catch (error) {
    if (!isCloudNotFound(error)) throw error;
  }
}
