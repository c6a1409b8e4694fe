import { expect } from 'chai';
import { planProject } from '../../../../reconcilers/project/plan.ts';
import { aCondition, aDroplet, aProject, activeDroplets, activeStatus } from '../../../builders/objects.ts';

const summary = (steps: ReturnType<typeof planProject>): string[] =>
  steps.map(step => {
    if (step.type === 'create-droplet') return `create ${step.name} ${step.spec.role} ${step.spec.size}`;
    if (step.type === 'delete-droplet') return `delete ${step.droplet.metadata.name}`;
    if (step.type === 'resize-droplet') return `resize ${step.droplet.metadata.name} ${step.size}`;
    return step.type;
  });

const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z' };

describe('The plan for a Project', () => {
  it('puts the finalizer on before anything else', () => {
    const steps = planProject(aProject('shop', { metadata: { finalizers: [] } }), []);
    expect(steps[0]).to.deep.equal({ type: 'add-finalizer' });
  });

  it('makes one master and servers - 1 webs, each of its own size', () => {
    const project = aProject('shop', { spec: { servers: 3, masterSpec: 'big', webSpec: 'small' } });
    expect(summary(planProject(project, []))).to.deep.equal([
      'create shop-master master big',
      'create shop-web1 web small',
      'create shop-web2 web small',
    ]);
  });

  it('makes only what is missing', () => {
    const droplets = activeDroplets('shop', 3).filter(({ metadata }) => metadata.name !== 'shop-web1');
    const steps = planProject(aProject('shop', { spec: { servers: 3 } }), droplets);
    expect(summary(steps)).to.deep.equal(['create shop-web1 web s-1vcpu-1gb']);
  });

  it('makes a web where its master is, whatever region the spec was given since', () => {
    const project = aProject('shop', { spec: { servers: 2, region: 'ams3' } });
    const regions = (droplets: Parameters<typeof planProject>[1]): string[] =>
      planProject(project, droplets).flatMap(step =>
        step.type === 'create-droplet' ? [`${step.name} ${step.spec.region}`] : [],
      );
    expect(regions([])).to.deep.equal(['shop-master ams3', 'shop-web1 ams3']);
    expect(regions([aDroplet('shop-master')])).to.deep.equal(['shop-web1 nyc3']);
    expect(regions([aDroplet('shop-web1')])).to.deep.equal(['shop-master nyc3']);
    const leaving = aDroplet('shop-master', {
      metadata: { ...aDroplet('shop-master').metadata, ...deleted },
    });
    expect(regions([leaving])).to.deep.equal(['shop-web1 ams3']);
  });

  it('deletes the newest webs first, by number and not by spelling', () => {
    const steps = planProject(aProject('shop', { spec: { servers: 9 } }), activeDroplets('shop', 12));
    expect(summary(steps)).to.deep.equal(['delete shop-web11', 'delete shop-web10', 'delete shop-web9']);
  });

  it('does not touch a surplus droplet that it does not own', () => {
    const foreign = aDroplet('shop-web7', { metadata: { ownerReferences: [] } });
    const steps = planProject(aProject('shop'), [...activeDroplets('shop', 1), foreign]);
    expect(steps).to.deep.equal([]);
  });

  it('changes nothing while suspended', () => {
    const project = aProject('shop', { spec: { servers: 3, suspend: true } });
    expect(planProject(project, [])).to.deep.equal([]);
  });

  describe('resizing', () => {
    const project = aProject('shop', { spec: { servers: 3, masterSpec: 'big', webSpec: 'big' } });

    it('takes one droplet at a time: the newest web first', () => {
      expect(summary(planProject(project, activeDroplets('shop', 3)))).to.deep.equal([
        'resize shop-web2 big',
      ]);
    });

    it('takes the master last', () => {
      const droplets = activeDroplets('shop', 3).map(droplet =>
        droplet.spec.role === 'web' ? { ...droplet, spec: { ...droplet.spec, size: 'big' } } : droplet,
      );
      expect(summary(planProject(project, droplets))).to.deep.equal(['resize shop-master big']);
    });

    it('takes the droplet first that serves nobody anyway, and no other meanwhile', () => {
      const [master, web1, web2] = activeDroplets('shop', 3);
      const conditions = [aCondition('Ready', 'False')];
      const notReady = { ...web1!, status: { ...web1!.status, conditions } };
      expect(summary(planProject(project, [master!, notReady, web2!]))).to.deep.equal([
        'resize shop-web1 big',
      ]);
      const resizing = { ...notReady, spec: { ...notReady.spec, size: 'big' } };
      expect(planProject(project, [master!, resizing, web2!])).to.deep.equal([]);
    });

    it('waits until a droplet whose spec just changed was looked at', () => {
      const [master, web1, web2] = activeDroplets('shop', 3);
      const unseen = {
        ...web2!,
        spec: { ...web2!.spec, size: 'big' },
        metadata: { ...web2!.metadata, generation: 2 },
      };
      expect(planProject(project, [master!, web1!, unseen])).to.deep.equal([]);
    });

    it('goes on at once with a droplet that no server was asked for yet', () => {
      const droplets = [aDroplet('shop-master'), aDroplet('shop-web1'), aDroplet('shop-web2')];
      expect(summary(planProject(project, droplets))).to.have.members([
        'resize shop-master big',
        'resize shop-web1 big',
        'resize shop-web2 big',
      ]);
    });

    it('lets a person mend a size that was refused', () => {
      const [master, web1, web2] = activeDroplets('shop', 3);
      const failed = { ...web2!, status: { ...activeStatus(3), phase: 'Failed' as const, conditions: [] } };
      failed.spec = { ...failed.spec, size: 'tiny' };
      expect(summary(planProject(project, [master!, web1!, failed]))).to.deep.equal(['resize shop-web2 big']);
    });
  });

  describe('deletion', () => {
    it('deletes every droplet, and keeps the finalizer until the last is gone', () => {
      const project = aProject('shop', { metadata: deleted });
      const [master, web1] = activeDroplets('shop', 2);
      expect(summary(planProject(project, [master!, web1!]))).to.deep.equal([
        'delete shop-web1',
        'delete shop-master',
      ]);
      const leaving = { ...master!, metadata: { ...master!.metadata, ...deleted } };
      expect(planProject(project, [leaving])).to.deep.equal([]);
      expect(planProject(project, [])).to.deep.equal([{ type: 'remove-finalizer' }]);
    });

    it('goes on while suspended', () => {
      const project = aProject('shop', { metadata: deleted, spec: { suspend: true } });
      expect(summary(planProject(project, activeDroplets('shop', 1)))).to.deep.equal(['delete shop-master']);
    });
  });
});
