import { expect } from 'chai';
import { Registry } from 'prom-client';
import { DROPLETS, PROJECTS } from '../../../../clients/kubernetes/kinds.ts';
import type { TextFile } from '../../../../config/files.ts';
import { registerIn } from '../../../../controllers/metrics.ts';
import { findCondition } from '../../../../crds/conditions.ts';
import type { KubernetesObject } from '../../../../crds/meta.ts';
import { CONFIRM_ANNOTATION, SOURCE_LABEL } from '../../../../crds/names.ts';
import { isStalled, isWaiting } from '../../../../reconcilers/outcome.ts';
import { confirmationOf } from '../../../../reconcilers/gate/confirmation.ts';
import { reconcileProject } from '../../../../reconcilers/project/reconcile.ts';
import { createCsvState } from '../../../../reconcilers/projects-csv/csv-state.ts';
import { planProjects } from '../../../../reconcilers/projects-csv/plan.ts';
import { CSV } from '../../../../reconcilers/projects-csv/concern.ts';
import { createCsvReconciler } from '../../../../reconcilers/projects-csv/reconcile.ts';
import { aCsvProject, aProject, activeDroplets } from '../../../builders/objects.ts';
import { refusal } from '../../../fakes/cloud.ts';
import { rejection } from '../../../fakes/rejection.ts';
import { createRig } from '../reconcile-rig.ts';

const { settleMs, lossSettleMs } = CSV.timings;
const HEADER = 'Project,Servers,MasterSpec,WebSpec\n';
const path = 'config/projects.csv';

function start(seeds: readonly KubernetesObject[]) {
  const rig = createRig(seeds);
  const state = createCsvState('default');
  let content: TextFile = { text: HEADER, encoding: 'utf8' };
  const file = { path, read: async () => content };
  const registry = new Registry();
  const own = { timings: CSV.timings, metrics: registerIn(registry)(CSV.metrics) };
  const sync = createCsvReconciler({ ...rig.context, ...own }, { file, namespace: 'default', state });
  const projects = (): string[] =>
    rig.client.storedAll(PROJECTS).map(({ metadata, spec }) => `${metadata.name} ${spec.servers}`);
  return {
    ...rig,
    state,
    projects,
    valid: async () => /^dropfleet_projects_csv_valid (\d)$/m.exec(await registry.metrics())?.[1],
    reconcile: () => sync(rig.run),
    write: (text: string) => void (content = { text, encoding: 'utf8' }),
    breakFile: (message: string) => void (content = { problem: { file: path, message }, missing: true }),
  };
}

const shop = aCsvProject('shop', 2);
const blog = aCsvProject('blog', 2);
const fleet = [shop, blog, ...activeDroplets('shop', 2), ...activeDroplets('blog', 2, 11)];

describe('Reconciling projects.csv', () => {
  it('makes a Project of each row, marked as its own', async () => {
    const { client, reconcile, write } = start([]);
    write(`${HEADER}shop,2,,\nblog,1,,\n`);
    await reconcile();
    const made = client.storedAll(PROJECTS);
    expect(made.map(({ metadata }) => metadata.labels![SOURCE_LABEL])).to.deep.equal(['csv', 'csv']);
    expect(made[0]!.spec).to.deep.equal({ servers: 2, masterSpec: 's-1vcpu-1gb', webSpec: 's-1vcpu-1gb' });
  });

  it('puts back what was edited by hand', async () => {
    const { client, projects, reconcile, write } = start(fleet);
    write(`${HEADER}shop,2,,\nblog,2,,\n`);
    await client.patch(PROJECTS, 'default/shop', { spec: { servers: 9 } });
    await reconcile();
    expect(projects()).to.deep.equal(['shop 2', 'blog 2']);
  });

  for (const [what, rows] of Object.entries({
    'a row is gone': 'shop,2,,\n',
    'a number is smaller': 'shop,1,,\nblog,2,,\n',
  }))
    it(`believes that ${what} only when the file has lain still for long`, async () => {
      const { client, clock, projects, reconcile, write } = start(fleet);
      write(`${HEADER}${rows}`);
      expect(isWaiting(await rejection(reconcile()))).to.equal(true);
      await clock.advance(lossSettleMs - 1);
      expect(isWaiting(await rejection(reconcile()))).to.equal(true);
      expect(projects()).to.deep.equal(['shop 2', 'blog 2']);
      await clock.advance(1);
      await reconcile();
      expect(client.writes().filter(({ kind }) => kind === 'Project')).to.have.length(1);
    });

  it('begins to wait again with every change of the file', async () => {
    const { clock, reconcile, write } = start(fleet);
    write(`${HEADER}shop,2,,\n`);
    await rejection(reconcile());
    await clock.advance(lossSettleMs - 1);
    write(`${HEADER}shop,3,,\n`);
    await rejection(reconcile());
    await clock.advance(lossSettleMs - 1);
    expect(isWaiting(await rejection(reconcile()))).to.equal(true);
  });

  it('does at once what a person confirmed beforehand, and uses the confirmation up', async () => {
    const { client, clock, projects, reconcile, write } = start(fleet);
    const stored = () => client.stored<typeof shop>(PROJECTS, 'default/shop')!;
    const rows = [
      { project: 'shop', servers: 1, masterSpec: shop.spec.masterSpec, webSpec: shop.spec.webSpec },
      { project: 'blog', servers: 2, masterSpec: shop.spec.masterSpec, webSpec: shop.spec.webSpec },
    ];
    const { losses } = planProjects(rows, [shop, blog], activeDroplets('shop', 2));
    const annotations = { [CONFIRM_ANNOTATION]: confirmationOf(losses, clock.now() + 60_000) };
    await client.patch(PROJECTS, 'default/shop', { metadata: { annotations } });
    write(`${HEADER}shop,1,,\nblog,2,,\n`);
    // The confirmation was taken off, so that the Project is another than the one that was planned for.
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: 50 });
    await reconcile();
    expect(projects()).to.deep.equal(['shop 1', 'blog 2']);
    expect(stored().metadata.annotations).to.not.have.property(CONFIRM_ANNOTATION);
  });

  it('does not take the first digit of a number that is being typed for the number', async () => {
    const { clock, projects, reconcile, write } = start(fleet);
    write('Project,Servers\nblog,2\nshop,1');
    expect(isWaiting(await rejection(reconcile()))).to.equal(true);
    write('Project,Servers\nblog,2\nshop,12');
    await rejection(reconcile());
    await clock.advance(settleMs);
    await reconcile();
    expect(projects()).to.include('shop 12');
  });

  const BROKEN = {
    'an empty file': '',
    'a file of blanks': ' \n\n',
    'a file without its header': 'shop,2,,\n',
    'a file cut in a row': `${HEADER}shop,2,,\nblog,"2`,
    'a file that is no CSV': '\u0000\u0001\u0002',
    'a row of which one value is impossible': `${HEADER}shop,two,,\n`,
    'a size that DigitalOcean does not have': `${HEADER}shop,2,s-99vcpu-1gb,\n`,
  };
  for (const [what, text] of Object.entries(BROKEN))
    it(`changes nothing for ${what}, and says so once`, async () => {
      const { client, clock, reconcile, write } = start(fleet);
      write(text);
      expect(await reconcile()).to.deep.equal({ requeueAfterMs: settleMs });
      await clock.advance(settleMs);
      const error = await rejection(reconcile());
      expect(isStalled(error) && error.message).to.match(/^no changes made:\nconfig\/projects\.csv/);
      expect(await reconcile()).to.equal(undefined);
      expect(client.writes()).to.deep.equal([]);
    });

  it('tells of mistakes that stay by an Event on each Project of the file, and by a metric', async () => {
    const applied = aProject('applied');
    const { clock, events, reconcile, valid, write } = start([...fleet, applied]);
    write(`${HEADER}shop,2,,\nblog,2,,\n`);
    await reconcile();
    expect(await valid()).to.equal('1');
    write(`${HEADER}shop,two,,\n`);
    await reconcile();
    expect(await valid()).to.equal('1');
    await clock.advance(settleMs);
    await rejection(reconcile());
    await reconcile();
    expect(await valid()).to.equal('0');
    expect(events.filter(event => event.startsWith('InvalidCsv'))).to.deep.equal([
      'InvalidCsv shop',
      'InvalidCsv blog',
    ]);
  });

  it('says that mistakes are mended when it had told of them, and only then', async () => {
    const { clock, log, reconcile, write } = start(fleet);
    const right = `${HEADER}shop,2,,\nblog,2,,\n`;
    const wrong = `${HEADER}shop,two,,\nblog,2,,\n`;
    for (const text of [right, wrong, right]) {
      write(text);
      await reconcile();
    }
    expect(log.lines).to.deep.equal([]);
    write(wrong);
    await reconcile();
    await clock.advance(settleMs);
    await rejection(reconcile());
    write(right);
    await reconcile();
    await reconcile();
    expect(log.lines.map(({ message }) => message)).to.deep.equal([
      'config/projects.csv is valid again; sync resumed',
    ]);
  });

  it('changes nothing while the file is missing', async () => {
    const { breakFile, client, clock, reconcile } = start(fleet);
    breakFile('the file cannot be read: it does not exist');
    await reconcile();
    await clock.advance(settleMs);
    expect((await rejection(reconcile())).message).to.contain('it does not exist');
    expect(client.writes()).to.deep.equal([]);
  });

  it('holds a header alone back until somebody confirms it', async () => {
    const { client, clock, log, projects, reconcile, state, write } = start([
      shop,
      ...activeDroplets('shop', 2),
    ]);
    write(HEADER);
    await rejection(reconcile());
    await clock.advance(lossSettleMs);
    await reconcile();
    expect(projects()).to.deep.equal(['shop 2']);
    expect(client.writes().map(({ kind }) => kind)).to.not.include('Project');
    const { reason, message } = state.hold()!;
    expect(reason).to.equal('EmptyCsv');
    expect(message).to.contain('held: destroy 2 droplets of shop').and.to.contain('or fix projects.csv');
    const warnings = log.lines.filter(({ level }) => level === 'warn');
    expect(warnings).to.have.length(1);
    expect(warnings[0]!.message).to.match(/^held: destroy 2 droplets of shop/);
    const [, confirmation] = /dropfleet\.io\/confirm='([^']+)'/.exec(message)!;
    const annotations = { [CONFIRM_ANNOTATION]: confirmation };
    await client.patch(PROJECTS, 'default/shop', { metadata: { annotations } });
    await reconcile();
    const { deletionTimestamp } = client.stored<typeof shop>(PROJECTS, 'default/shop')!.metadata;
    expect(deletionTimestamp).to.not.equal(undefined);
  });

  it('goes on when the cloud cannot say which sizes there are', async () => {
    const { cloud, projects, reconcile, write } = start([]);
    cloud.failNext('listSizes', refusal(503, 'maintenance'));
    write(`${HEADER}shop,2,,\n`);
    await reconcile();
    expect(projects()).to.deep.equal(['shop 2']);
  });

  describe('with a size that the region of its project does not offer', () => {
    const RARE = 's-2vcpu-rare';
    const far = aCsvProject('far', 1);
    const abroad = { ...far, spec: { ...far.spec, region: 'fra1' } };
    const rows = `${HEADER}shop,3,${RARE},s-1vcpu-1gb\nfar,1,${RARE},\nnew,1,${RARE},\nblog,3,,\n`;

    function startRare() {
      const rig = start([...fleet, abroad, ...activeDroplets('far', 1, 21)]);
      rig.cloud.sizes.push({ ...rig.cloud.sizes[0]!, slug: RARE, regions: ['fra1'] });
      rig.write(rows);
      const size = (name: string) =>
        rig.client.stored<typeof shop>(PROJECTS, `default/${name}`)?.spec.masterSpec;
      return { ...rig, size };
    }

    it('holds up that row alone, and goes by the region of each', async () => {
      const { projects, reconcile, size } = startRare();
      await reconcile();
      expect(projects()).to.deep.equal(['shop 2', 'blog 3', 'far 1']);
      expect([size('shop'), size('far'), size('new')]).to.deep.equal(['s-1vcpu-1gb', RARE, undefined]);
    });

    it("says so of the row's Project, with the line, and once in the log", async () => {
      const { log, reconcile, state } = startRare();
      await reconcile();
      await reconcile();
      expect(state.rowHeld(shop)).to.match(
        /^config\/projects\.csv:2:8: found "s-2vcpu-rare"; this size is not offered in nyc3 now.*; row skipped until it names one that is, other rows applied$/,
      );
      expect(state.rowHeld(blog)).to.equal(undefined);
      expect(state.isAboutToChange(shop)).to.equal(false);
      expect(log.lines.filter(({ message }) => message.includes('not offered'))).to.have.length(2);
    });

    it('follows the row when the size is there', async () => {
      const { cloud, clock, reconcile, size, state } = startRare();
      await reconcile();
      cloud.sizes.splice(0, Infinity, ...cloud.sizes.map(one => ({ ...one, regions: ['nyc3', 'fra1'] })));
      await clock.advance(25 * 3_600_000);
      await reconcile();
      expect([size('shop'), size('new')]).to.deep.equal([RARE, RARE]);
      expect(state.rowHeld(shop)).to.equal(undefined);
    });
  });

  it("makes a Project that waits for its name where another namespace's Project has it", async () => {
    const metadata = { namespace: 'team-a', uid: 'uid-first', creationTimestamp: '2020-01-01T00:00:00Z' };
    const { client, context, reconcile, run, state, write } = start([aProject('shop', { metadata })]);
    write(`${HEADER}shop,2,,\n`);
    await reconcile();
    const stored = () => client.stored<typeof shop>(PROJECTS, 'default/shop')!;
    const error = await rejection(reconcileProject(context, 'default/shop', stored(), state, run));
    expect(isStalled(error) && error.reason).to.equal('NameTaken');
    expect(findCondition(stored().status!.conditions, 'Ready')).to.include({ reason: 'NameTaken' });
    expect(client.storedAll(DROPLETS)).to.deep.equal([]);
  });

  it('leaves a Project alone that a person applied under the name of a row', async () => {
    const { client, log, reconcile, write } = start([aProject('shop')]);
    write(`${HEADER}shop,9,,\n`);
    await reconcile();
    await reconcile();
    expect(client.writes()).to.deep.equal([]);
    expect(log.lines.map(({ message }) => message)).to.have.length(1);
    expect(log.lines[0]!.message).to.contain('was applied by hand and is left alone');
  });

  it('does the other rows when one of them fails', async () => {
    const { client, projects, reconcile, write } = start([]);
    client.failNext('create', new Error('the disk is full'));
    write(`${HEADER}shop,2,,\nblog,1,,\n`);
    expect((await rejection(reconcile())).message).to.equal('the disk is full');
    expect(projects()).to.deep.equal(['blog 1']);
  });
});
