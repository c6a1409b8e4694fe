import { expect } from 'chai';
import { DROPLETS, LEASES, PROJECTS } from '../../../../clients/kubernetes/kinds.ts';
import { shareInformers } from '../../../../controllers/runtime/informers.ts';
import { trackOwnWrites } from '../../../../controllers/runtime/own-writes.ts';
import {
  annotationsChanged,
  anyOf,
  deletionStarted,
  generationChanged,
  labelsChanged,
} from '../../../../controllers/runtime/predicates.ts';
import { controllingOwner } from '../../../../controllers/runtime/wiring.ts';
import { CONFIRM_ANNOTATION } from '../../../../crds/names.ts';
import type { KubernetesObject, ObjectMeta } from '../../../../crds/meta.ts';
import { aDroplet, aProject } from '../../../builders/objects.ts';
import { fakeInformer } from '../../../fakes/informer.ts';
import { fakeKubernetesClient } from '../../../fakes/kubernetes-client.ts';

describe('The predicates', () => {
  const project = aProject('shop');
  const but = (metadata: Partial<ObjectMeta>): KubernetesObject => aProject('shop', { metadata });
  const cases = [
    { predicate: generationChanged, after: but({ generation: 2 }) },
    { predicate: labelsChanged, after: but({ labels: { a: 'b' } }) },
    { predicate: annotationsChanged, after: but({ annotations: { [CONFIRM_ANNOTATION]: '1' } }) },
    { predicate: deletionStarted, after: but({ deletionTimestamp: '2026-01-01T00:00:00Z' }) },
  ];
  for (const { predicate, after } of cases) {
    it(`${predicate.name} notices its own change and none of the others`, () => {
      const noticed = cases.filter(other => predicate(other.after, project)).map(other => other.after);
      expect(noticed).to.deep.equal([after]);
    });
  }

  it('take missing and empty labels for the same', () => {
    expect(labelsChanged(but({ labels: {} }), project)).to.equal(false);
  });

  it('can be joined: one is enough', () => {
    const either = anyOf(generationChanged, labelsChanged);
    expect(cases.map(({ after }) => either(after, project))).to.deep.equal([true, true, false, false]);
  });
});

describe('The shared informers', () => {
  const create = () => {
    const client = fakeKubernetesClient([aProject('shop')]);
    return { client, informers: shareInformers(kind => fakeInformer(client, kind)) };
  };

  it('are one for each kind, however often it is asked for', () => {
    const { informers } = create();
    expect(informers.of(PROJECTS)).to.equal(informers.of({ ...PROJECTS }));
    expect(informers.of(DROPLETS)).not.to.equal(informers.of(PROJECTS));
  });

  it('find the one that shows an object', () => {
    const { informers } = create();
    const projects = informers.of(PROJECTS);
    expect(informers.showing(aProject('shop'))).to.equal(projects);
    expect(informers.showing(aDroplet('shop-web1'))).to.equal(undefined);
  });

  it('refuse a new kind after the start, as nobody would wait for its first list', () => {
    const { informers } = create();
    informers.of(PROJECTS);
    informers.start(AbortSignal.abort());
    expect(() => informers.of(DROPLETS)).to.throw('The informer of Droplet was asked for after the start.');
  });

  it('tell which first lists are missing', async () => {
    const { informers } = create();
    informers.of(PROJECTS);
    expect(informers.unsynced()).to.deep.equal(['Project']);
    const stop = new AbortController();
    informers.start(stop.signal);
    await informers.synced();
    expect(informers.unsynced()).to.deep.equal([]);
    stop.abort();
  });
});

describe('The controlling owner', () => {
  it('is found across versions of its group, and has no namespace when its kind has none', () => {
    const owner = {
      apiVersion: 'dropfleet.io/v2',
      kind: 'Project',
      name: 'shop',
      uid: 'u',
      controller: true,
    };
    const owned = aDroplet('shop-web1', { metadata: { ownerReferences: [owner] } });
    expect(controllingOwner(PROJECTS, owned)).to.deep.equal(['default/shop']);
    expect(controllingOwner({ ...PROJECTS, namespaced: false }, owned)).to.deep.equal(['shop']);
    expect(controllingOwner({ ...PROJECTS, group: 'other.io' }, owned)).to.deep.equal([]);
    expect(controllingOwner({ ...LEASES, kind: 'Project' }, owned)).to.deep.equal([]);
  });
});

describe('The own writes of a key', () => {
  it('are waited for at most 5 s each, the last of each object only, and once', async () => {
    const waits: string[] = [];
    const informer = fakeInformer(fakeKubernetesClient(), PROJECTS);
    const tracked = trackOwnWrites(() => ({
      ...informer,
      caughtUp: (key, version, timeoutMs) => {
        waits.push(`${key} ${version} ${timeoutMs}`);
        return Promise.resolve();
      },
    }));
    tracked.note('k', aProject('a', { metadata: { resourceVersion: '3' } }));
    tracked.note('k', aProject('a', { metadata: { resourceVersion: '4' } }));
    tracked.note('k', aProject('b', { metadata: { resourceVersion: '5' } }));
    tracked.note('other', aProject('c', { metadata: { resourceVersion: '6' } }));
    await tracked.settled('k');
    await tracked.settled('k');
    expect(waits).to.deep.equal(['default/a 4 5000', 'default/b 5 5000']);
  });
});
