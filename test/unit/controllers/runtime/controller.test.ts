import { expect } from 'chai';
import { DROPLETS, PROJECTS } from '../../../../clients/kubernetes/kinds.ts';
import { controllerFor, type Controller } from '../../../../controllers/runtime/controller.ts';
import type { Fence } from '../../../../controllers/runtime/fence.ts';
import { generationChanged } from '../../../../controllers/runtime/predicates.ts';
import { atStart, createTrigger } from '../../../../controllers/runtime/sources.ts';
import { PROJECT_LABEL } from '../../../../crds/names.ts';
import { aDroplet, aProject } from '../../../builders/objects.ts';
import { startController } from './started-controller.ts';

const projectController = (reconciled: string[]): Controller =>
  controllerFor('project', PROJECTS).reconciles((key, project) => {
    reconciled.push(`${key} ${project?.spec.servers ?? 'gone'}`);
    return undefined;
  });

describe('A controller', () => {
  it('looks at every object at the start, and again when one changes, comes or goes', async () => {
    const seen: string[] = [];
    const seed = aProject('a', { metadata: { finalizers: [] } });
    const { client, settle, stop } = await startController([seed], projectController(seen));
    await client.patch(PROJECTS, 'default/a', { spec: { servers: 2 } });
    await settle();
    await client.delete(PROJECTS, 'default/a');
    await settle();
    expect(seen).to.deep.equal(['default/a 1', 'default/a 2', 'default/a gone']);
    await stop();
  });

  it('passes over updates that its predicate turns down, but not deletions and resyncs', async () => {
    let count = 0;
    const controller = controllerFor('project', PROJECTS)
      .filteredBy(generationChanged)
      .reconciles(() => void count++);
    const { client, informer, settle, stop } = await startController([aProject('a')], controller);
    await client.patch(PROJECTS, 'default/a', { status: { droplets: 1 } }, { subresource: 'status' });
    await settle();
    expect(count).to.equal(1);
    await client.patch(PROJECTS, 'default/a', { spec: { servers: 2 } });
    await settle();
    expect(count).to.equal(2);
    informer(PROJECTS).resync();
    await settle();
    expect(count).to.equal(3);
    await stop();
  });

  it('wakes the controlling owner of what it owns, and nobody for what others own', async () => {
    const seen: string[] = [];
    const controller = controllerFor('project', PROJECTS)
      .owns(DROPLETS)
      .reconciles(key => void seen.push(key));
    const { client, settle, stop } = await startController([aProject('a'), aProject('b')], controller);
    seen.length = 0;
    const owner = { apiVersion: 'dropfleet.io/v1beta1', name: 'b', uid: 'uid-b', controller: true };
    const owned = (name: string, kind: string, controller = true) =>
      aDroplet(name, { metadata: { ownerReferences: [{ ...owner, kind, controller }] } });
    await client.create(DROPLETS, owned('b-web1', 'Project'));
    await client.create(DROPLETS, owned('b-web2', 'Deployment'));
    await client.create(DROPLETS, owned('b-web3', 'Project', false));
    await settle();
    expect(seen).to.deep.equal(['default/b']);
    await stop();
  });

  it('wakes the keys that a mapper names, before and after a change', async () => {
    const seen: string[] = [];
    const controller = controllerFor('project', PROJECTS)
      .watches(DROPLETS, droplet => [`default/${droplet.metadata.labels?.[PROJECT_LABEL]}`])
      .reconciles(key => void seen.push(key));
    const { client, settle, stop } = await startController([aDroplet('a-web1')], controller);
    seen.length = 0;
    await client.patch(DROPLETS, 'default/a-web1', { metadata: { labels: { [PROJECT_LABEL]: 'b' } } });
    await settle();
    expect(seen).to.deep.equal(['default/a', 'default/b']);
    await stop();
  });

  it('needs no kind: a source can wake keys of its own', async () => {
    const seen: string[] = [];
    const file = createTrigger<string>();
    const controller = controllerFor('csv-sync')
      .wakesOn(atStart, () => ['csv'])
      .wakesOn(file, path => [path])
      .reconciles((key, object) => void seen.push(`${key} ${object}`));
    const { settle, stop } = await startController([], controller);
    file.emit('other.csv');
    await settle();
    expect(seen).to.deep.equal(['csv undefined', 'other.csv undefined']);
    await stop();
    file.emit('late.csv');
    await settle();
    expect(seen).to.have.length(2);
  });

  it('goes on when a mapper throws, and counts it', async () => {
    const seen: string[] = [];
    const source = createTrigger<string>();
    const controller = controllerFor('c')
      .wakesOn(source, event => {
        if (event === 'bad') throw new TypeError('mapper broke');
        return [event];
      })
      .reconciles(key => void seen.push(key));
    const { log, metric, settle, stop } = await startController([], controller);
    source.emit('bad');
    source.emit('good');
    await settle();
    expect(seen).to.deep.equal(['good']);
    expect(log.lines.map(({ fields }) => fields['error'])).to.include('mapper broke');
    expect(await metric('controller_runtime_reconcile_panics_total')).to.include(
      'controller_runtime_reconcile_panics_total{controller="c"} 1',
    );
    await stop();
  });

  it('waits, after a write of its own, until the cache shows it', async () => {
    const servers: (number | undefined)[] = [];
    const source = createTrigger<string>();
    const controller = controllerFor('project', PROJECTS)
      .wakesOn(source, key => [key])
      .reconciles(async (key, project, run) => {
        servers.push(project?.spec.servers);
        if (project?.spec.servers === 1) {
          run.wrote(await client.patch(PROJECTS, key, { spec: { servers: 2 } }));
        }
        return undefined;
      });
    const { client, informer, settle, stop } = await startController([], controller);
    informer(PROJECTS).pause();
    client.seed(aProject('a'));
    await settle();
    informer(PROJECTS).resume();
    informer(PROJECTS).pause();
    await settle();
    source.emit('default/a');
    await settle();
    expect(servers).to.deep.equal([1]);
    informer(PROJECTS).resume();
    await settle();
    expect(servers).to.deep.equal([1, 2, 2]);
    await stop();
  });

  it('reconciles different keys at once, as many as it has workers', async () => {
    let running = 0;
    let most = 0;
    const gate = Promise.withResolvers<void>();
    const controller = controllerFor('project', PROJECTS)
      .withWorkers(2)
      .reconciles(async () => {
        most = Math.max(most, ++running);
        await gate.promise;
        running--;
        return undefined;
      });
    const seeds = [aProject('a'), aProject('b'), aProject('c')];
    const { metric, settle, stop } = await startController(seeds, controller);
    expect(running).to.equal(2);
    expect(await metric('controller_runtime_active_workers')).to.include(
      'controller_runtime_active_workers{controller="project"} 2',
    );
    gate.resolve();
    await settle();
    expect([most, running]).to.deep.equal([2, 0]);
    await stop();
  });

  it('listens to its sources only while it runs', async () => {
    const heard: string[] = [];
    const source = {
      subscribe: () => {
        heard.push('subscribed');
        return () => heard.push('unsubscribed');
      },
    };
    const controller = controllerFor('c')
      .wakesOn(source, () => [])
      .reconciles(() => undefined);
    const { stop } = await startController([], controller);
    expect(heard).to.deep.equal(['subscribed']);
    await stop();
    expect(heard).to.deep.equal(['subscribed', 'unsubscribed']);
  });

  it('begins no reconcile behind its fence, and tries again', async () => {
    let count = 0;
    const controller = controllerFor('c')
      .wakesOn(atStart, () => ['key'])
      .reconciles(() => void count++);
    let isOpen = false;
    const fence: Fence = async effect => {
      if (!isOpen) throw new Error('the deadline has passed');
      return effect(new AbortController().signal);
    };
    const { clock, settle, stop } = await startController([], controller, fence);
    expect(count).to.equal(0);
    isOpen = true;
    await clock.advance(5);
    await settle();
    expect(count).to.equal(1);
    await stop();
  });

  it('lets the rest of the process have its turn between two reconciles', async () => {
    let count = 0;
    const all = Promise.withResolvers<void>();
    const controller = controllerFor('c')
      .wakesOn(atStart, () => Array.from({ length: 1000 }, (_, n) => `key${n}`))
      .reconciles(() => {
        if (++count === 1000) all.resolve();
        return undefined;
      });
    const { stop } = await startController([], controller);
    expect(count).to.be.within(1, 999);
    await all.promise;
    await stop();
  });

  it('writes its name, the key and the reconcile id into every line of a reconcile', async () => {
    const controller = controllerFor('project', PROJECTS).reconciles((_key, _project, run) => {
      run.log.info('looking');
      return undefined;
    });
    const { log, stop } = await startController([aProject('a')], controller);
    expect(log.lines).to.deep.equal([
      {
        level: 'info',
        message: 'looking',
        fields: { controller: 'project', key: 'default/a', reconcileId: 'id-1' },
      },
    ]);
    await stop();
  });

  it('tells the reconcile under way to stop, waits for it, begins no other, and counts no failure', async () => {
    const began: string[] = [];
    let released = false;
    const controller = controllerFor('project', PROJECTS).reconciles((key, _project, run) => {
      began.push(key);
      return new Promise((_resolve, reject) => {
        run.signal.addEventListener('abort', () => {
          released = true;
          reject(run.signal.reason as Error);
        });
      });
    });
    const { log, metric, stop } = await startController([aProject('a'), aProject('b')], controller);
    await stop();
    expect(began).to.deep.equal(['default/a']);
    expect(released).to.equal(true);
    expect(log.lines).to.deep.equal([]);
    expect(await metric('controller_runtime_reconcile_errors_total')).to.include(
      'controller_runtime_reconcile_errors_total{controller="project"} 0',
    );
  });
});
