import { expect } from 'chai';
import type { Droplet } from '../../../../crds/droplet.ts';
import type { Project } from '../../../../crds/project.ts';
import type { ServiceDeployment } from '../../../../crds/service-deployment.ts';
import type { DesiredProject } from '../../../../reconcilers/projects-csv/plan.ts';
import { convergenceOf } from '../../../../reconcilers/read-model/convergence.ts';
import { summarizeFleet } from '../../../../reconcilers/read-model/fleet-summary.ts';
import { summarizeServices } from '../../../../reconcilers/read-model/services.ts';
import {
  aCondition,
  aCsvProject,
  aDroplet,
  aProject,
  aServiceDeployment,
  activeDroplets,
} from '../../../builders/objects.ts';

const SMALL = 's-1vcpu-1gb';
const aRow = (project: string, servers: number): DesiredProject => ({
  project,
  servers,
  masterSpec: SMALL,
  webSpec: SMALL,
});
const ready = (project: Project): Project => ({
  ...project,
  status: { observedGeneration: 1, conditions: [aCondition('Ready', 'True', 'AllReady')] },
});
const held = (project: Project, message: string): Project => ({
  ...project,
  status: {
    observedGeneration: 1,
    conditions: [
      aCondition('Ready', 'True', 'ConfirmationRequired'),
      { ...aCondition('ConfirmationRequired', 'True', 'LargeDeletion'), message },
    ],
  },
});
const failed = (name: string): Droplet =>
  aDroplet(name, {
    status: {
      phase: 'Failed',
      conditions: [{ ...aCondition('Ready', 'False', 'Refused'), message: 'the account is full' }],
    },
  });

const converge = (
  rows: readonly DesiredProject[] | undefined,
  projects: readonly Project[],
  droplets: readonly Droplet[],
  services: readonly ServiceDeployment[] = [],
) =>
  convergenceOf({
    rows,
    namespace: 'default',
    projects,
    droplets,
    services: summarizeServices(services, droplets),
    fleet: summarizeFleet(projects, droplets, new Map()),
  });

const HOLD = 'projects.csv would delete 2 droplets of 2 and 2 projects (all of blog, all of shop)';
const twoProjects = [aCsvProject('blog', 1), aCsvProject('shop', 1)];
const twoDroplets = [...activeDroplets('blog', 1), ...activeDroplets('shop', 1, 2)];

describe('How far the fleet is', () => {
  it('is converged when every row is its Project and every Project is Ready', () => {
    const projects = [ready(aCsvProject('shop', 2))];
    expect(converge([aRow('shop', 2)], projects, activeDroplets('shop', 2))).to.deep.equal({
      state: 'converged',
    });
  });

  describe('with a Project whose name another has', () => {
    const twin: Project = {
      ...aCsvProject('shop', 2),
      status: {
        observedGeneration: 1,
        conditions: [{ ...aCondition('Ready', 'False', 'NameTaken'), message: 'give it another name' }],
      },
    };

    it('is failed, as nothing moves before a person acts', () => {
      expect(converge([aRow('shop', 2)], [twin], [])).to.deep.equal({
        state: 'failed',
        messages: ['shop: give it another name'],
      });
    });

    it('waits first for what is on its way', () => {
      const rows = [aRow('shop', 2), aRow('blog', 1)];
      expect(converge(rows, [twin, aCsvProject('blog', 1)], []).state).to.equal('converging');
    });
  });

  it('is failed when all is Ready but a row that is not followed, and says why', () => {
    const before = ready(aCsvProject('shop', 2));
    const message = 'projects.csv:2:8: this size is not offered';
    const conditions = [...before.status!.conditions!, { ...aCondition('RowHeld', 'True'), message }];
    const project = { ...before, status: { ...before.status, conditions } };
    expect(converge([aRow('shop', 5)], [project], activeDroplets('shop', 2))).to.deep.equal({
      state: 'failed',
      messages: [message],
    });
  });

  it('waits for a row that has no Project yet', () => {
    const projects = [ready(aCsvProject('shop', 1))];
    expect(converge([aRow('shop', 1), aRow('blog', 1)], projects, activeDroplets('shop', 1))).to.deep.equal({
      state: 'converging',
      waitingFor: ['blog'],
    });
  });

  it('waits for a Project that differs from its row, though it is Ready', () => {
    const projects = [ready(aCsvProject('shop', 1))];
    expect(converge([aRow('shop', 2)], projects, activeDroplets('shop', 1))).to.deep.equal({
      state: 'converging',
      waitingFor: ['shop'],
    });
  });

  it('waits for the end of a Project without a row', () => {
    const projects = [ready(aCsvProject('shop', 1)), ready(aCsvProject('blog', 1))];
    const convergence = converge([aRow('shop', 1)], projects, twoDroplets);
    expect(convergence).to.deep.equal({ state: 'converging', waitingFor: ['blog'] });
  });

  it('waits neither for nor on a Project that a person applied, whatever its row says', () => {
    const projects = [ready(aProject('byhand')), ready(aCsvProject('shop', 1))];
    const rows = [aRow('shop', 1), aRow('byhand', 7)];
    const droplets = [...activeDroplets('byhand', 1), ...activeDroplets('shop', 1)];
    expect(converge(rows, projects, droplets).state).to.equal('converged');
  });

  it('waits for a Project whose status is of an older spec', () => {
    const project = ready(aCsvProject('shop', 1, { generation: 2 }));
    expect(converge([aRow('shop', 1)], [project], activeDroplets('shop', 1))).to.deep.equal({
      state: 'converging',
      waitingFor: ['shop'],
    });
  });

  it('waits for a Droplet whose Project is gone', () => {
    expect(converge([], [], activeDroplets('shop', 1))).to.deep.equal({
      state: 'converging',
      waitingFor: ['shop-master'],
    });
  });

  it('is held while a Project says that the rows need a confirmation', () => {
    const projects = twoProjects.map(project => held(project, `${HOLD}. Nothing was changed.`));
    expect(converge([], projects, twoDroplets)).to.deep.equal({
      state: 'held',
      message: `${HOLD}. Nothing was changed.`,
    });
  });

  it('is held while a Droplet says that its end needs a confirmation', () => {
    const [droplet] = activeDroplets('shop', 1);
    droplet!.status!.conditions!.push({
      ...aCondition('ConfirmationRequired', 'True', 'Storm'),
      message: 'many',
    });
    expect(converge([aRow('shop', 1)], [aCsvProject('shop', 1)], [droplet!])).to.deep.equal({
      state: 'held',
      message: 'many',
    });
  });

  it('is held by what the Projects say when there are no rows to ask', () => {
    const projects = [held(aCsvProject('blog', 1), HOLD)];
    expect(converge(undefined, projects, activeDroplets('blog', 1))).to.deep.equal({
      state: 'held',
      message: HOLD,
    });
  });

  it('has failed when nothing moves any more and a Droplet has failed', () => {
    const droplets = [...activeDroplets('shop', 1), failed('shop-web1')];
    expect(converge([aRow('shop', 2)], [aCsvProject('shop', 2)], droplets)).to.deep.equal({
      state: 'failed',
      messages: ['shop-web1: the account is full'],
    });
  });

  it('has not failed while another Droplet is on its way', () => {
    const droplets = [failed('shop-web1'), aDroplet('shop-master')];
    expect(converge([aRow('shop', 2)], [aCsvProject('shop', 2)], droplets).state).to.equal('converging');
  });

  it('has not failed while a row is yet to be followed', () => {
    const droplets = [...activeDroplets('shop', 1), failed('shop-web1')];
    expect(converge([aRow('shop', 1)], [aCsvProject('shop', 2)], droplets).state).to.equal('converging');
  });

  it('is failed when a host waits for a person, and says how it is', () => {
    const droplet = aDroplet('shop-master', {
      status: {
        phase: 'Active',
        conditions: [
          { ...aCondition('Ready', 'False', 'HostKeyMismatch'), message: 'another machine answers' },
        ],
      },
    });
    expect(converge([aRow('shop', 1)], [aCsvProject('shop', 1)], [droplet])).to.deep.equal({
      state: 'failed',
      messages: ['shop-master: another machine answers'],
    });
  });

  describe('with services', () => {
    const project = [aCsvProject('shop', 1)].map(ready);
    const withService = (
      parts: NonNullable<Parameters<typeof aServiceDeployment>[2]>,
    ): ReturnType<typeof converge> =>
      converge([aRow('shop', 1)], project, activeDroplets('shop', 1), [
        aServiceDeployment('shop-prod-api', {}, parts),
      ]);
    const notReady = (reason: string) => ({
      observedGeneration: 1,
      conditions: [{ ...aCondition('Ready', 'False', reason), message: 'says why' }],
    });

    it('waits for one that is on its way', () => {
      expect(withService({ spec: { version: 'v1' }, status: notReady('Building') })).to.deep.equal({
        state: 'converging',
        waitingFor: ['shop-prod-api'],
      });
    });

    it('has failed when one cannot go on by itself', () => {
      expect(withService({ spec: { version: 'v1' }, status: notReady('SecretsMissing') })).to.deep.equal({
        state: 'failed',
        messages: ['shop-prod-api: says why'],
      });
    });

    it('waits for infra that has an image and no version', () => {
      const spec = { type: 'infra', image: 'postgres:17' } as const;
      expect(withService({ spec, status: notReady('Starting') }).state).to.equal('converging');
    });

    it('does not depend on one that was never deployed, or is stopped', () => {
      expect(withService({ status: notReady('NotDeployed') }).state).to.equal('converged');
      expect(
        withService({ spec: { version: 'v1', stopped: true }, status: notReady('Stopped') }).state,
      ).to.equal('converged');
    });
  });
});
