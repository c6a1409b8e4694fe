import { expect } from 'chai';
import { CONFIRM_ANNOTATION } from '../../../../crds/names.ts';
import { planProjects, type DesiredProject } from '../../../../reconcilers/projects-csv/plan.ts';
import { aCsvProject, aProject, activeDroplets } from '../../../builders/objects.ts';

const row = (project: string, servers: number): DesiredProject => ({
  project,
  servers,
  masterSpec: 's-1vcpu-1gb',
  webSpec: 's-1vcpu-1gb',
});

const kinds = (plan: ReturnType<typeof planProjects>): string[] =>
  plan.steps.map(step => `${step.type} ${'name' in step ? step.name : step.project.metadata.name}`);

describe('The plan for projects.csv', () => {
  it('creates a Project for a row that has none', () => {
    const plan = planProjects([row('shop', 3)], [], []);
    expect(plan.steps).to.deep.equal([
      {
        type: 'create-project',
        name: 'shop',
        spec: { servers: 3, masterSpec: 's-1vcpu-1gb', webSpec: 's-1vcpu-1gb' },
      },
    ]);
  });

  it('has nothing to do when every Project is as its row says', () => {
    expect(planProjects([row('shop', 3)], [aCsvProject('shop', 3)], [])).to.deep.equal({
      steps: [],
      conflicts: [],
    });
  });

  it('puts a Project that was edited by hand back to its row', () => {
    const plan = planProjects([row('shop', 3)], [aCsvProject('shop', 5)], []);
    expect(kinds(plan)).to.deep.equal(['update-project shop']);
  });

  it('leaves fields alone that the row does not decide', () => {
    const suspended = aCsvProject('shop', 3);
    suspended.spec.suspend = true;
    expect(planProjects([row('shop', 3)], [suspended], []).steps).to.deep.equal([]);
  });

  it('leaves Projects alone that a person applied, and names the row that collides with one', () => {
    const plan = planProjects(
      [row('mine', 3)],
      [aProject('mine', { spec: { servers: 1 } }), aProject('other')],
      [],
    );
    expect(plan).to.deep.equal({ steps: [], conflicts: ['mine'] });
  });

  it('waits for a Project that is being deleted before it makes it anew', () => {
    const deleting = aCsvProject('shop', 3, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(planProjects([row('shop', 3)], [deleting], []).steps).to.deep.equal([]);
    expect(planProjects([], [deleting], []).steps).to.deep.equal([]);
  });

  describe('brakes', () => {
    it('let one small project go without asking', () => {
      const plan = planProjects(
        [row('shop', 3)],
        [aCsvProject('shop', 3), aCsvProject('blog', 2)],
        [...activeDroplets('shop', 3), ...activeDroplets('blog', 2)],
      );
      expect(plan.brake).to.equal(undefined);
      expect(kinds(plan)).to.deep.equal(['delete-project blog']);
    });

    it('hold two projects back, however small, and say what would be lost', () => {
      const plan = planProjects(
        [row('shop', 3)],
        [aCsvProject('shop', 3), aCsvProject('blog', 1), aCsvProject('wiki', 1)],
        [...activeDroplets('shop', 3), ...activeDroplets('blog', 1), ...activeDroplets('wiki', 1)],
      );
      expect(plan.brake).to.deep.equal({
        confirmation: 'blog=0,wiki=0',
        projects: ['blog', 'wiki'],
        message: 'projects.csv would delete 2 droplets of 5 and 2 projects (all of blog, all of wiki)',
      });
    });

    it('hold the last project back when the file has a header alone', () => {
      const plan = planProjects([], [aCsvProject('blog', 1)], activeDroplets('blog', 1));
      expect(plan.brake?.confirmation).to.equal('blog=0');
    });

    it('hold three of a small fleet back but let two go', () => {
      const projects = [aCsvProject('shop', 5)];
      const droplets = activeDroplets('shop', 5);
      expect(planProjects([row('shop', 3)], projects, droplets).brake).to.equal(undefined);
      expect(planProjects([row('shop', 2)], projects, droplets).brake?.confirmation).to.equal('shop=2');
    });

    it('allow up to 30 % of a large fleet', () => {
      const projects = [aCsvProject('shop', 40)];
      const droplets = activeDroplets('shop', 40);
      expect(planProjects([row('shop', 28)], projects, droplets).brake).to.equal(undefined);
      expect(planProjects([row('shop', 27)], projects, droplets).brake).not.to.equal(undefined);
    });

    it('count droplets that exist, not numbers in a spec', () => {
      const plan = planProjects([row('shop', 1)], [aCsvProject('shop', 90)], activeDroplets('shop', 2));
      expect(plan.brake).to.equal(undefined);
    });

    it('open for exactly the change that was confirmed', () => {
      const confirmed = aCsvProject('shop', 9, { annotations: { [CONFIRM_ANNOTATION]: 'shop=2' } });
      confirmed.metadata.labels = { 'dropfleet.io/source': 'csv' };
      const droplets = activeDroplets('shop', 9);
      expect(planProjects([row('shop', 2)], [confirmed], droplets).brake).to.equal(undefined);
      expect(planProjects([row('shop', 1)], [confirmed], droplets).brake?.confirmation).to.equal('shop=1');
      expect(planProjects([], [confirmed], droplets).brake?.confirmation).to.equal('shop=0');
    });
  });
});
