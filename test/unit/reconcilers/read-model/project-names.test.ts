import { expect } from 'chai';
import { keyOf } from '../../../../crds/meta.ts';
import type { Project } from '../../../../crds/project.ts';
import {
  holderAmong,
  namesOf,
  nameTakenBy,
  nameTakenMessage,
} from '../../../../reconcilers/read-model/project-names.ts';
import { aProject } from '../../../builders/objects.ts';

const made = (namespace: string, creationTimestamp?: string, name = 'shop'): Project =>
  aProject(name, { metadata: { namespace, ...(creationTimestamp && { creationTimestamp }) } });
const old = made('team-b', '2026-01-01T00:00:00Z');
const young = made('team-a', '2026-01-01T00:00:01Z');

describe('The name of a project', () => {
  it('belongs to the Project that was made first, in whatever order they are listed', () => {
    expect(holderAmong([old, young])).to.equal(old);
    expect(holderAmong([young, old])).to.equal(old);
    expect(nameTakenBy(young, [old, young])).to.equal(old);
    expect(nameTakenBy(old, [old, young])).to.equal(undefined);
  });

  it('goes by the namespace among those made in one second', () => {
    const twin = made('team-c', old.metadata.creationTimestamp);
    expect(holderAmong([twin, old])).to.equal(old);
  });

  it('is not for one that is yet to be made when there is one', () => {
    const planned = made('aaa');
    expect(nameTakenBy(planned, [planned, young])).to.equal(young);
    expect(nameTakenBy(planned, [planned])).to.equal(undefined);
  });

  it('is kept until its Project is gone', () => {
    const leaving = {
      ...old,
      metadata: { ...old.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' },
    };
    expect(holderAmong([young, leaving])).to.equal(leaving);
  });

  it('is answered for a whole fleet at once', () => {
    const names = namesOf([young, made('team-a', '2026-01-01T00:00:00Z', 'blog'), old]);
    expect([...names].map(([name, project]) => [name, keyOf(project)])).to.deep.equal([
      ['shop', 'team-b/shop'],
      ['blog', 'team-a/blog'],
    ]);
  });

  it('is told with what to do', () => {
    expect(nameTakenMessage(old)).to.equal(
      'project shop exists in namespace team-b already; project names are unique in a fleet: delete this one or give it another name',
    );
  });
});
