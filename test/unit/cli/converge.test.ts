import { expect } from 'chai';
import type { Droplet } from '../../../crds/droplet.ts';
import type { Project } from '../../../crds/project.ts';
import { untilConverged } from '../../../cli/world/converge.ts';
import type { FleetWatch } from '../../../cli/world/fleet-watch.ts';
import { summarizeFleet, type FleetSummary } from '../../../reconcilers/read-model/fleet-summary.ts';
import { aCondition, aDroplet, aProject, activeDroplets } from '../../builders/objects.ts';
import { fakeClock } from '../../fakes/clock.ts';

const readyProject = aProject('shop', {
  status: { observedGeneration: 1, conditions: [aCondition('Ready', 'True', 'AllReady')] },
});
const failed = aDroplet('shop-master', {
  status: {
    phase: 'Failed',
    conditions: [{ ...aCondition('Ready', 'False', 'Refused'), message: 'the account is full' }],
  },
});

/** A wait for one Project without a row, whose Droplets the test changes. */
function startWait(droplet: Droplet) {
  let droplets = [droplet];
  let project: Project = aProject('shop');
  const handlers: (() => void)[] = [];
  const shown: FleetSummary[] = [];
  const clock = fakeClock();
  const stop = new AbortController();
  const fleet: FleetWatch = {
    projects: () => [project],
    droplets: () => droplets,
    summary: () => summarizeFleet([project], droplets, new Map()),
    onChange: handler => void handlers.push(handler),
  };
  const progress = { show: (summary: FleetSummary) => void shown.push(summary), end: () => undefined };
  return {
    clock,
    stop,
    shown,
    ending: untilConverged({
      fleet,
      rows: undefined,
      namespace: 'default',
      progress,
      clock,
      signal: stop.signal,
    }),
    change(next: Droplet, nextProject = project) {
      droplets = [next];
      project = nextProject;
      for (const handler of handlers) handler();
    },
  };
}

describe('The wait for a fleet', () => {
  it('ends when all is Ready, and has shown every change', async () => {
    const wait = startWait(aDroplet('shop-master'));
    wait.change(activeDroplets('shop', 1)[0]!, readyProject);
    expect(await wait.ending).to.deep.equal({ state: 'converged' });
    expect(wait.shown.map(({ ready }) => ready)).to.deep.equal([false, true]);
  });

  it('ends with what it waits for when its time is over', async () => {
    const wait = startWait(aDroplet('shop-master'));
    wait.stop.abort();
    expect(await wait.ending).to.deep.equal({ state: 'timeout', waitingFor: ['shop-master'] });
  });

  it('does not believe a failure that is tried again within moments', async () => {
    const wait = startWait(failed);
    await wait.clock.advance(4_999);
    wait.change(aDroplet('shop-master', { status: { phase: 'Creating' } }));
    await wait.clock.advance(60_000);
    wait.change(activeDroplets('shop', 1)[0]!, readyProject);
    expect(await wait.ending).to.deep.equal({ state: 'converged' });
  });

  it('ends with a failure that stays', async () => {
    const wait = startWait(failed);
    await wait.clock.advance(5_000);
    expect(await wait.ending).to.deep.equal({
      state: 'failed',
      messages: ['shop-master: the account is full'],
    });
    expect(wait.clock.pending()).to.equal(0);
  });

  it('ends with the failure rather than with the timeout when both have come', async () => {
    const wait = startWait(failed);
    wait.stop.abort();
    expect((await wait.ending).state).to.equal('failed');
    expect(wait.clock.pending()).to.equal(0);
  });
});
