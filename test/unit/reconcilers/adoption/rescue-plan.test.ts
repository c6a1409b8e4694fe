import { expect } from 'chai';
import type { Droplet } from '../../../../crds/droplet.ts';
import { ADOPT_ANNOTATION, CONFIRM_ANNOTATION } from '../../../../crds/names.ts';
import type { Candidate } from '../../../../reconcilers/adoption/plan.ts';
import { planRescue } from '../../../../reconcilers/adoption/rescue-plan.ts';
import { aCondition, aDroplet, aProject, activeDroplets, activeStatus } from '../../../builders/objects.ts';

const deletionTimestamp = '2026-01-01T00:00:00Z';
const held = { conditions: [aCondition('ConfirmationRequired', 'True', 'LargeDeletion')] };
const servers = [1, 2, 3].map((id): Candidate => ({
  id,
  name: 'x',
  status: 'active',
  size: 's-1vcpu-1gb',
  region: 'nyc3',
  image: 'debian-13-x64',
  tags: [],
  createdAt: deletionTimestamp,
}));
const doomed = (droplet: Droplet, status = {}): Droplet => ({
  ...droplet,
  metadata: { ...droplet.metadata, deletionTimestamp },
  status: { ...droplet.status, ...status },
});

function plan(projects: ReturnType<typeof aProject>[], droplets: Droplet[]) {
  const made = planRescue({ projects, droplets, servers });
  const rescue = made.rescue.map(step => {
    const { metadata } = step.type === 'release' ? step.object : step.droplet;
    return `${step.type} ${metadata.name}`;
  });
  const steps = made.steps.map(step =>
    step.type === 'create-project' ? `project ${step.project.metadata.name}` : step.type,
  );
  return { ...made, rescue, steps };
}

describe('The plan to undo a deletion that is held', () => {
  it("releases a Project without its Droplets, and recreates it as it was, but for the word on the old one's end", () => {
    const annotations = { [CONFIRM_ANNOTATION]: 'destroy all', mine: 'too' };
    const labels = { team: 'a' };
    const project = aProject('shop', {
      metadata: { deletionTimestamp, annotations, labels },
      spec: { servers: 2, region: 'ams3' },
      status: held,
    });
    const { rescue, steps, ...made } = plan([project], activeDroplets('shop', 2));
    expect(rescue).to.deep.equal(['disown shop-master', 'disown shop-web1', 'release shop']);
    expect(steps).to.deep.equal(['project shop']);
    expect(planRescue({ projects: [project], droplets: [], servers }).steps[0]).to.deep.equal({
      type: 'create-project',
      project: {
        metadata: { name: 'shop', namespace: 'default', labels, annotations: { mine: 'too' } },
        spec: project.spec,
      },
    });
    expect(made.adoptions).to.deep.equal([]);
  });

  it('keeps all servers of Droplets before the first of these is released, and their host keys', () => {
    const droplets = activeDroplets('shop', 2).map(droplet =>
      doomed(droplet, {
        ...held,
        host: { ...droplet.status!.host, keyFingerprint: `key of ${droplet.metadata.name}` },
      }),
    );
    const { rescue, steps, hostKeys } = plan([aProject('shop', { spec: { servers: 2 } })], droplets);
    expect(rescue).to.deep.equal([
      'keep shop-master',
      'keep shop-web1',
      'release shop-master',
      'release shop-web1',
    ]);
    expect(steps).to.deep.equal(['create-droplet', 'create-droplet']);
    expect([...hostKeys]).to.deep.equal([
      [1, 'key of shop-master'],
      [2, 'key of shop-web1'],
    ]);
  });

  it('recreates a Project too that is deleted with its Droplets, though only those are held', () => {
    const project = aProject('shop', { metadata: { deletionTimestamp } });
    const { rescue, steps } = plan([project], [doomed(activeDroplets('shop', 1)[0]!, held)]);
    expect(rescue).to.deep.equal(['keep shop-master', 'release shop-master', 'release shop']);
    expect(steps).to.deep.equal(['project shop', 'create-droplet']);
  });

  it('goes on with what it was cut off at', () => {
    const metadata = { annotations: { [ADOPT_ANNOTATION]: '1' } };
    const droplet = doomed(aDroplet('shop-master', { metadata, status: activeStatus(1) }));
    expect(plan([aProject('shop')], [droplet]).rescue).to.deep.equal([
      'keep shop-master',
      'release shop-master',
    ]);
  });

  it('leaves alone what is not held: it is under way', () => {
    const droplets = [doomed(activeDroplets('shop', 1)[0]!), doomed(aDroplet('shop-web1'), held)];
    const project = aProject('blog', { metadata: { deletionTimestamp } });
    expect(plan([project, aProject('shop')], droplets).rescue).to.deep.equal([]);
  });
});
