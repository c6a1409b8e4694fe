import type { CloudDroplet } from '../../../clients/digitalocean/cloud.ts';
import { fleetTag, nonceOf, nonceTag, projectRoleTag, uidOf, uidTag } from '../../../crds/cloud-tags.ts';
import type { Droplet, DropletStatus } from '../../../crds/droplet.ts';
import { keyOf } from '../../../crds/meta.ts';
import { ADOPT_ANNOTATION, DROPLET_FINALIZER, PROJECT_FINALIZER } from '../../../crds/names.ts';
import type { Project } from '../../../crds/project.ts';
import { ownTags } from '../../../reconcilers/droplet/apply.ts';
import { DROPLET } from '../../../reconcilers/droplet/concern.ts';
import {
  claimProblem,
  readListing,
  noteEnd,
  noteRequest,
  observe,
} from '../../../reconcilers/droplet/observe.ts';
import { buysFirst } from '../../../reconcilers/droplet/effects-plan.ts';
import { doomedBy, withoutUnsafe } from '../../../reconcilers/droplet/last-snapshots.ts';
import { asksOf, lastSnapshotAsker, leftOf, type PassedPlan } from '../../../reconcilers/droplet/pass.ts';
import type { Claim, CloudView, DropletStep } from '../../../reconcilers/droplet/model.ts';
import { planDroplet } from '../../../reconcilers/droplet/plan.ts';
import { isRetired, replacedID } from '../../../reconcilers/droplet/recovery-plan.ts';
import { withFormer, withoutServer, withServer } from '../../../reconcilers/droplet/status.ts';
import type { Answer, Ask } from '../../../reconcilers/gate/book.ts';
import { GATE } from '../../../reconcilers/gate/concern.ts';
import { confirms } from '../../../reconcilers/gate/confirmation.ts';
import { forgoing, keyOfEffect, type Doubt, type Effect } from '../../../reconcilers/gate/effect.ts';
import { FLEET_TAKEN } from '../../../reconcilers/gate/policy.ts';
import { examineStanding } from '../../../reconcilers/gate/standing.ts';
import { holdsData } from '../../../reconcilers/last-snapshot/data-plan.ts';
import { entryOf } from '../../../reconcilers/last-snapshot/observe.ts';
import {
  planLast,
  type LastPlan,
  type LastSnapshot,
  type LastStep,
} from '../../../reconcilers/last-snapshot/plan.ts';
import { askToForgo, securedBy, type Doomed } from '../../../reconcilers/last-snapshot/secure.ts';
import { LAST_SNAPSHOT } from '../../../reconcilers/last-snapshot/timings.ts';
import { planProject } from '../../../reconcilers/project/plan.ts';
import { CSV } from '../../../reconcilers/projects-csv/concern.ts';
import { createCsvState } from '../../../reconcilers/projects-csv/csv-state.ts';
import { lossOf, planProjects } from '../../../reconcilers/projects-csv/plan.ts';
import { createSince } from '../../../reconcilers/since.ts';
import { aDroplet } from '../../builders/objects.ts';
import type { Oracle } from './oracle.ts';
import { FAILED, KILLED, SimulatedGate, type Flaw } from './simulated-gate.ts';
import { FLEET, NAMESPACE, readerOf, type TrueServer, type SimulatedWorld } from './world.ts';

/** An operator's process, made of the reconcilers' own plans and the gate's own book, over a World without promises. */
export class Operator {
  readonly #world: SimulatedWorld;
  readonly #oracle: Oracle;
  readonly #flaw: Flaw | undefined;
  readonly #since;
  readonly #csvState = createCsvState(NAMESPACE);
  readonly #timings;
  readonly #context;
  readonly gate: SimulatedGate;
  listed: readonly CloudDroplet[] = [];
  #problem: Doubt | undefined;
  #isIdle = true;
  #listedAt: number | undefined;
  readonly #seen = new Set<number>();
  #csv = { text: '', since: Number.NEGATIVE_INFINITY };
  /** Since when each look at a server found nothing. */
  readonly deniedSince = new Map<number, number>();

  constructor(world: SimulatedWorld, oracle: Oracle, flaw?: Flaw) {
    this.#world = world;
    this.#oracle = oracle;
    this.#flaw = flaw;
    this.#timings = {
      ...DROPLET.timings,
      ...(flaw === 'absence is believed at once' && { absenceMs: 0 }),
    };
    const clock = { monotonic: () => world.t, now: world.now, after: () => () => undefined };
    this.#since = createSince(clock);
    const io = () => this.#io();
    const problem = () => this.#problem;
    this.gate = new SimulatedGate({ world, oracle, flaw, settleMs: GATE.timings.settleMs, problem, io });
    const servers = {
      byTag: (tag: string) => this.listed.filter(({ tags }) => tags.includes(tag)),
      hasBeenSeen: (id: number) => this.#seen.has(id),
      lastListStartedAt: () => this.#listedAt,
    };
    this.#context = {
      clock,
      servers: servers as never,
      fleetId: FLEET,
      apiId: world.api,
      since: this.#since,
      timings: this.#timings,
      standing: { doubt: () => undefined },
      droplets: readerOf(world.droplets),
      projects: readerOf(world.projects),
    };
  }

  /** Looks at everything once. False when there was nothing to do. */
  round(): boolean {
    this.#isIdle = true;
    this.#list();
    this.#problem = this.#examine();
    this.#oracle.looksAt(this.#world);
    this.#attempt(() => this.#syncCsv());
    for (const key of this.#world.projects.keys()) this.#attempt(() => this.#reconcileProject(key));
    for (const key of this.#world.droplets.keys()) this.#attempt(() => this.#reconcileDroplet(key));
    this.#forgetGone();
    return !this.#isIdle;
  }

  #attempt(reconcile: () => void): void {
    try {
      reconcile();
    } catch (error) {
      if (error !== FAILED) throw error;
      this.#isIdle = false;
    }
  }

  #list(): void {
    const { t, there } = this.#world;
    const tag = fleetTag(FLEET);
    this.listed = [...there.values()]
      .filter(({ unlistedUntil, tags }) => unlistedUntil <= t && tags.includes(tag))
      .map(server => ({ ...server }));
    for (const { id } of this.listed) this.#seen.add(id);
    this.#listedAt = t;
  }

  /** Examined once a round: what it goes by changes only between them. */
  #examine(): Doubt | undefined {
    const { record, account, api, droplets } = this.#world;
    if (this.#flaw === 'no standing') return undefined;
    return examineStanding({
      record,
      identity: { fleet: FLEET, api },
      account,
      droplets: [...droplets.values()],
      servers: this.listed,
      namespace: NAMESPACE,
    });
  }

  #ask(ask: Ask): Answer {
    if (ask.effects.length > 0) this.#isIdle = false;
    return this.gate.ask(ask);
  }

  /** Nobody asks any more on behalf of what is gone. */
  #forgetGone(): void {
    for (const { asker } of this.gate.asks.values()) {
      const [, kind, key] = /^(droplet|project) (\S+)/.exec(asker) ?? [];
      if (kind === undefined) continue;
      const objects = kind === 'droplet' ? this.#world.droplets : this.#world.projects;
      if (!objects.has(key!))
        this.#attempt(() => void this.#ask({ asker, group: '', effects: [], objects: [] }));
    }
  }

  /** Anything may end the process between any two writes and calls. */
  #io(): void {
    this.#isIdle = false;
    if (--this.#world.cutOffIn <= 0) {
      this.#world.cutOffIn = Infinity;
      throw KILLED;
    }
  }

  // The reconcilers: their plans are the product's, and what they observe and apply is done to the World.

  #syncCsv(): void {
    const { t, rows, projects, droplets } = this.#world;
    const text = JSON.stringify(rows);
    if (this.#csv.text !== text) this.#csv = { text, since: t };
    const plan = planProjects(rows, [...projects.values()], [...droplets.values()]);
    const objects = [...new Set(plan.losses.map(({ project }) => project))].flatMap(
      key => projects.get(key) ?? [],
    );
    const isConfirmed = objects.some(object =>
      confirms(this.#world.confirmationOn(object), plan.losses, this.#world.now()),
    );
    const removes = plan.losses.length > 0 || plan.steps.some(({ type }) => type === 'delete-project');
    if (removes) this.#isIdle = false;
    if (removes && !isConfirmed && t - this.#csv.since < CSV.timings.lossSettleMs) return;
    const ask = { asker: 'csv-sync', group: 'projects.csv of default', effects: plan.losses, objects };
    const answer = this.#ask({ ...ask, believedAfterMs: 0, isRevocable: true });
    if (answer.type === 'wait') return;
    const names = plan.losses.map(({ project }) => project.slice(NAMESPACE.length + 1));
    const hold = answer.type === 'hold' ? { ...answer, projects: names } : undefined;
    this.#csvState.set({ rows: [...rows], ...(hold && { hold }) });
    if (hold !== undefined) return;
    for (const step of plan.steps) {
      this.#io();
      if (step.type === 'create-project') {
        this.#world.putProject(step.name, step.spec.servers);
      } else if (step.type === 'delete-project') this.#world.deleteObject(projects, step.project);
      else {
        const key = keyOf(step.project);
        const now = projects.get(key);
        if (now !== undefined) projects.set(key, { ...now, spec: { ...now.spec, ...step.spec } });
      }
    }
  }

  #reconcileProject(key: string): void {
    const { projects, droplets } = this.#world;
    const project = projects.get(key);
    if (project === undefined) return;
    const isDeleting = project.metadata.deletionTimestamp !== undefined;
    if (!isDeleting && this.#csvState.isAboutToChange(project)) return;
    const all = [...droplets.values()].filter(({ spec }) => spec.project === project.metadata.name);
    const steps = planProject(project, all);
    const effects = steps
      .flatMap(step => (step.type === 'delete-droplet' ? [step.droplet] : []))
      .filter(({ status }) => status?.server?.nonce !== undefined || status?.server?.id !== undefined)
      .map((droplet): Effect => ({
        ...lossOf(droplet),
        cause: isDeleting ? 'deleted' : 'scaled down',
        change: isDeleting ? 'the Project is deleted' : `to ${project.spec.servers} servers`,
      }));
    const answer = this.#ask({
      asker: `project ${key}`,
      group: `project ${key}`,
      effects,
      objects: [project],
    });
    for (const step of steps) {
      if (step.type === 'delete-droplet') {
        if (answer.type !== 'pass') continue;
        this.#io();
        this.#world.deleteObject(droplets, step.droplet);
      } else if (step.type === 'create-droplet') {
        this.#io();
        const made = aDroplet(step.name, { spec: step.spec });
        const owner = { ...made.metadata.ownerReferences![0]!, uid: project.metadata.uid! };
        this.#world.put({
          ...made,
          metadata: { ...made.metadata, uid: this.#world.nextUid(), ownerReferences: [owner] },
        });
      } else if (step.type === 'resize-droplet') {
        this.#io();
        const now = droplets.get(keyOf(step.droplet))!;
        droplets.set(keyOf(now), { ...now, spec: { ...now.spec, size: step.size } });
      } else this.#setFinalizer(projects, project, PROJECT_FINALIZER, step.type === 'add-finalizer');
    }
  }

  #setFinalizer<T extends Project | Droplet>(
    objects: Map<string, T>,
    object: T,
    name: string,
    on: boolean,
  ): void {
    this.#io();
    const key = keyOf(object);
    const now = objects.get(key);
    if (now === undefined) return;
    const others = (now.metadata.finalizers ?? []).filter(other => other !== name);
    const finalizers = on ? [...others, name] : others;
    if (finalizers.length === 0 && now.metadata.deletionTimestamp !== undefined) objects.delete(key);
    else objects.set(key, { ...now, metadata: { ...now.metadata, finalizers } });
  }

  #reconcileDroplet(key: string): void {
    const droplet = this.#world.droplets.get(key);
    if (droplet === undefined) return;
    const view = this.#observe(droplet);
    const project = this.#world.projects.get(`${NAMESPACE}/${droplet.spec.project}`);
    const planned = planDroplet({
      droplet,
      view,
      suspended: project?.spec.suspend ?? false,
      sizes: NO_SIZES,
      tags: ownTags(droplet, { fleetId: FLEET, apiId: this.#world.api }),
      now: this.#world.now(),
      timings: this.#timings,
    });
    const evidence = buysFirst(view, planned) ? { ...view, ...this.#orphans(droplet) } : view;
    const asks = asksOf(this.#context, droplet, evidence, planned);
    const duplicates = { ask: asks.duplicates, answer: this.#ask(asks.duplicates) };
    const answer = this.#ask(asks.own);
    const isBelieved = this.#flaw === 'a wait is taken for a pass' && answer.type === 'wait';
    const own = { ask: asks.own, answer: isBelieved ? ({ type: 'pass' } as const) : answer };
    const passed = leftOf(droplet, evidence, planned, { own, duplicates });
    if ('waitMs' in passed) return;
    const server = withServer(droplet.status?.server ?? {}, view.server);
    const progress = { status: { ...droplet.status, server }, isFinished: false };
    const plan = this.#secured(droplet, progress, evidence, passed);
    let made: TrueServer | undefined;
    for (const step of plan.steps) made = this.#apply(step, droplet, progress, view) ?? made;
    if (progress.isFinished) return;
    if (plan.steps.length > 0 || plan.phase !== droplet.status?.phase) {
      this.#io();
      this.#world.setStatus(droplet, { ...progress.status, phase: plan.phase });
    }
    if (plan.requeueAfterMs !== undefined) this.#isIdle = false;
    if (made !== undefined) made.isReplyLost = false;
  }

  /** As secure.ts does: what holds data is not destroyed before its last snapshot is there. */
  #secured(
    droplet: Droplet,
    progress: { status: DropletStatus },
    view: CloudView,
    plan: PassedPlan,
  ): PassedPlan {
    const doomed = doomedBy(droplet, view, plan, FLEET);
    const waits = new Map<Doomed, string>();
    for (const one of doomed) {
      const next = this.#secureOne(one, droplet, progress);
      if (next.type === 'wait') waits.set(one, next.message);
    }
    const now = { ...droplet, status: progress.status };
    const asker = lastSnapshotAsker(keyOf(droplet));
    const answer = this.#ask(askToForgo(this.#context, now, waits, asker));
    return withoutUnsafe(droplet, plan, securedBy(now, doomed, waits, answer));
  }

  #secureOne(
    { id, effect, isStillDoomed }: Doomed,
    droplet: Droplet,
    progress: { status: DropletStatus },
  ): LastPlan {
    const isForgone =
      this.gate.hasPassed(keyOfEffect(forgoing(effect))) ||
      (this.#flaw === 'every confirmation forgoes last snapshots' &&
        this.gate.hasPassed(keyOfEffect(effect), true));
    if (!holdsData(droplet, id) || isForgone) return { type: 'safe' };
    const server = this.#get(id);
    if (server === undefined || !isStillDoomed(server)) return { type: 'wait', message: 'not there' };
    const entry = entryOf(droplet, id);
    const found = entry.name === undefined ? undefined : this.#world.snapshots.get(entry.name);
    const wanted = ownTags(droplet, { fleetId: FLEET, apiId: this.#world.api });
    const missingTags = wanted.filter(tag => !found?.tags.includes(tag));
    const isSeen = found?.account === this.#world.account;
    const plan = planLast(
      {
        server,
        entry,
        stopSeenMs: 0,
        ...(isSeen && { snapshot: { id: entry.name!, missingTags } }),
        hasHadTime: this.#since.ageMs(`last ${id}`, `${entry.name}`) >= LAST_SNAPSHOT.graceMs,
      },
      LAST_SNAPSHOT.shutdownMs,
    );
    if (plan.type === 'wait' && plan.step) this.#applyLast(plan.step, server, droplet, progress);
    return this.#flaw === 'last snapshots are not waited for' ? { type: 'safe' } : plan;
  }

  #applyLast(
    step: LastStep,
    server: TrueServer,
    droplet: Droplet,
    progress: { status: DropletStatus },
  ): void {
    const note = (entry: LastSnapshot): void => {
      this.#io();
      progress.status = {
        ...progress.status,
        lastSnapshots: { ...progress.status.lastSnapshots, [server.id]: entry },
      };
      this.#world.setStatus(droplet, progress.status);
    };
    switch (step.type) {
      case 'shut-down':
      case 'power-off':
        this.#call();
        this.#oracle.changes(this.#world, this, droplet, server, step.type);
        server.status = 'off';
        return;
      case 'take': {
        const name = this.#world.nextNonce();
        const { failure } = entryOf({ ...droplet, status: progress.status }, server.id);
        note({ ...(failure !== undefined && { failure }), name });
        this.#call();
        if (this.#world.refusedSnapshots-- > 0) return note({ failure: 'refused' });
        this.#world.refusedSnapshots = 0;
        this.#world.snapshots.set(name, { account: this.#world.account, tags: [] });
        server.isSaved = server.status === 'off';
        this.#io();
        return;
      }
      case 'tag': {
        this.#call();
        const { account } = this.#world.snapshots.get(step.snapshot)!;
        this.#world.snapshots.set(step.snapshot, { account, tags: step.tags });
        return;
      }
      case 'begin-again':
        return note({});
      case 'give-up':
        return note({ failure: step.why });
    }
  }

  #observe(droplet: Droplet): CloudView {
    const listing = readListing(this.#context, droplet);
    const found = listing.asks ? this.#get(listing.id!) : listing.listed;
    if (listing.asks && found === undefined) {
      if (!this.deniedSince.has(listing.id!)) this.deniedSince.set(listing.id!, this.#world.t);
    } else if (listing.id !== undefined && found !== undefined) this.deniedSince.delete(listing.id);
    const mine = uidTag(droplet.metadata.uid!);
    const believed =
      this.#flaw === 'every server is own' && found !== undefined
        ? { ...found, tags: [...found.tags, mine, fleetTag(FLEET)] }
        : found;
    const { view } = observe(this.#context, droplet, listing, believed);
    const claim = this.#claim(droplet, listing.mine.length);
    const retired = view.server ? undefined : this.#retired(droplet);
    return { ...view, ...(claim && { claim }), ...(retired && { retired }) };
  }

  #retired(droplet: Droplet): CloudView['retired'] {
    const id = replacedID(droplet);
    const server = id === undefined ? undefined : this.#get(id);
    return server && isRetired(droplet, server.tags) ? { server, isListed: false } : undefined;
  }

  #get(id: number): TrueServer | undefined {
    if (this.#world.downUntil > this.#world.t) throw FAILED;
    const server = this.#world.there.get(id);
    return server !== undefined && server.deniedUntil <= this.#world.t ? server : undefined;
  }

  #claim(droplet: Droplet, ownServers: number): Claim | undefined {
    const text = droplet.metadata.annotations?.[ADOPT_ANNOTATION];
    const known = droplet.status?.server?.id;
    if (text === undefined || ownServers > 0) return undefined;
    const id = Number(text);
    if (known !== undefined && known !== id) return undefined;
    const server = this.#get(id);
    const problem = server && claimProblem(this.#context, droplet, server);
    return { id, ...(server && { server }), ...(problem !== undefined && { problem }) };
  }

  #orphans({ spec }: Droplet): Pick<CloudView, 'orphans'> {
    const uids = new Set([...this.#world.droplets.values()].map(({ metadata }) => metadata.uid));
    const tags = (['master', 'web'] as const).map(role => projectRoleTag(FLEET, spec.project, role));
    const orphans = this.listed.filter(
      server =>
        tags.some(tag => server.tags.includes(tag)) && !uids.has(uidOf(server.tags)) && this.#get(server.id),
    );
    return orphans.length === 0 ? {} : { orphans };
  }

  /** The cloud changes nothing while the standing is in doubt, as guarded-cloud.ts has it. */
  #call(takesOver = false): void {
    this.#io();
    if (this.#world.downUntil > this.#world.t) throw FAILED;
    const problem = this.#problem;
    if (problem !== undefined && !(problem.reason === FLEET_TAKEN && takesOver)) throw FAILED;
  }

  #apply(
    step: DropletStep,
    droplet: Droplet,
    progress: { status: DropletStatus; isFinished: boolean },
    view: CloudView,
  ): TrueServer | undefined {
    const { there, droplets } = this.#world;
    switch (step.type) {
      case 'add-finalizer':
        this.#setFinalizer(droplets, droplet, DROPLET_FINALIZER, true);
        return undefined;
      case 'remove-finalizer':
        this.#oracle.releases(this.#world, this, droplet);
        progress.isFinished = true;
        this.#setFinalizer(droplets, droplet, DROPLET_FINALIZER, false);
        return undefined;
      case 'launch':
        return this.#launch(droplet, progress, view);
      case 'adopt':
        this.#oracle.adopts(this.#world, this, droplet, step.id);
        progress.status.server = {
          ...withFormer(progress.status.server ?? {}),
          id: step.id,
          ...(step.keepsNonce ? {} : nonceIn(there.get(step.id))),
        };
        return undefined;
      case 'take-over': {
        this.#call(true);
        this.#oracle.takesOver(this.#world, droplet, step.id);
        const server = there.get(step.id);
        if (server === undefined) throw FAILED;
        server.tags = [...server.tags.filter(tag => !step.off.includes(tag)), ...step.put];
        return undefined;
      }
      case 'destroy': {
        this.#call();
        const server = there.get(step.id);
        if (server === undefined || server.deniedUntil > this.#world.t) return undefined;
        this.#oracle.destroys(this.#world, this, droplet, server, view);
        there.delete(step.id);
        noteEnd(this.#context, droplet, step.id);
        this.#io();
        return undefined;
      }
      case 'report-drain-timeout':
      case 'remember-refusal':
        return undefined;
      case 'power-cycle':
        progress.status.server = { ...progress.status.server, cycledFor: step.recovery };
        this.#io();
        this.#world.setStatus(droplet, progress.status);
        this.#call();
        break;
      case 'tag':
        this.#call(true);
        break;
      case 'retire':
      case 'shut-down':
      case 'power-off':
      case 'resize':
      case 'power-on':
        this.#call();
    }
    const server = there.get(step.id);
    if (server === undefined) throw FAILED;
    this.#oracle.changes(this.#world, this, droplet, server, step.type);
    if (step.type === 'tag') server.tags = [...server.tags, ...step.tags];
    else if (step.type === 'retire') {
      server.tags = [...server.tags, ...step.put];
      this.#io();
      server.tags = server.tags.filter(tag => !step.off.includes(tag));
    } else if (step.type === 'resize') server.size = step.size;
    else if (step.type === 'power-on') switchOn(server);
    else if (step.type !== 'power-cycle') server.status = 'off';
    this.#io();
    return undefined;
  }

  #launch(droplet: Droplet, progress: { status: DropletStatus }, view: CloudView): TrueServer {
    this.#io();
    const nonce = this.#world.nextNonce();
    progress.status = {
      ...progress.status,
      server: { ...withoutServer(withFormer(progress.status.server ?? {})), nonce },
      phase: 'Creating',
    };
    if (this.#flaw !== 'the nonce is written afterwards') this.#world.setStatus(droplet, progress.status);
    try {
      this.#call();
      this.#oracle.launches(this.#world, this, droplet, view);
      const lag = this.#world.listLagMs;
      const server = this.#world.addServer({
        name: droplet.metadata.name,
        tags: [...ownTags(droplet, { fleetId: FLEET, apiId: this.#world.api }), nonceTag(nonce)],
        size: droplet.spec.size,
        unlistedUntil: this.#world.t + lag,
        deniedUntil: this.#world.t + lag / 2,
        isReplyLost: true,
      });
      this.#io();
      if (this.#world.lostReplies > 0) {
        this.#world.lostReplies--;
        throw FAILED;
      }
      progress.status = { ...progress.status, server: { ...progress.status.server, id: server.id } };
      return server;
    } finally {
      noteRequest(this.#context, droplet, nonce);
    }
  }
}

const NO_SIZES = new Map();

/** What is written from now on is on no snapshot. */
export function switchOn(server: TrueServer): void {
  server.status = 'active';
  server.isSaved = false;
}

/** As the product does by the host key that belongs to it. */
function nonceIn(server: TrueServer | undefined): { nonce?: string } {
  const nonce = server && nonceOf(server.tags);
  return nonce === undefined ? {} : { nonce };
}

/** The key that what is done to a server goes by. */
export const keyOfEnd = (droplet: Droplet, server: TrueServer): string =>
  droplet.metadata.deletionTimestamp === undefined
    ? `destroy server ${server.id}`
    : `destroy ${droplet.metadata.uid}`;
