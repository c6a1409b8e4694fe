import { expect } from 'chai';
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
      losses: [],
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
    expect(plan).to.deep.equal({ steps: [], losses: [], conflicts: ['mine'] });
  });

  it('waits for a Project that is being deleted before it recreates it', () => {
    const deleting = aCsvProject('shop', 3, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(planProjects([row('shop', 3)], [deleting], []).steps).to.deep.equal([]);
    expect(planProjects([], [deleting], []).steps).to.deep.equal([]);
  });

  describe('what the steps cost', () => {
    const cost = (...input: Parameters<typeof planProjects>): string[] =>
      planProjects(...input).losses.map(
        ({ verb, cause, name, change }) => `${verb} ${name}: ${cause} (${change})`,
      );

    it('is every droplet of a project whose row went', () => {
      const fleet = [...activeDroplets('shop', 3), ...activeDroplets('blog', 2)];
      expect(cost([row('shop', 3)], [aCsvProject('shop', 3), aCsvProject('blog', 2)], fleet)).to.deep.equal([
        'destroy blog-master: row removed (its row is gone)',
        'destroy blog-web1: row removed (its row is gone)',
      ]);
    });

    it('is the droplets that a smaller number leaves no place for, with the numbers before and after', () => {
      expect(cost([row('shop', 1)], [aCsvProject('shop', 3)], activeDroplets('shop', 3))).to.deep.equal([
        'destroy shop-web1: row shrank (3 to 1 servers)',
        'destroy shop-web2: row shrank (3 to 1 servers)',
      ]);
    });

    it('counts droplets that exist and stay so far, not numbers in a spec', () => {
      const [master, web] = activeDroplets('shop', 2);
      web!.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
      expect(cost([row('shop', 1)], [aCsvProject('shop', 90)], [master!, web!])).to.deep.equal([]);
    });

    it('is doubted when the file has a header alone, however little it is', () => {
      const [loss] = planProjects([], [aCsvProject('blog', 1)], activeDroplets('blog', 1)).losses;
      expect(loss!.doubt).to.include({ reason: 'EmptyCsv' });
    });

    it('names the server, so that a confirmation is of that one alone', () => {
      const [loss] = planProjects(
        [row('shop', 1)],
        [aCsvProject('shop', 2)],
        activeDroplets('shop', 2, 41),
      ).losses;
      expect(loss).to.include({ uid: 'uid-shop-web1', server: 42, project: 'default/shop' });
    });
  });
});
