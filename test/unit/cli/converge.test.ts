import { expect } from 'chai';
import type { Droplet } from '../../../crds/droplet.ts';
import type { Project } from '../../../crds/project.ts';
import { untilConverged, untilConvergedInCloud } from '../../../cli/world/converge.ts';
import type { FleetWatch } from '../../../cli/world/fleet-watch.ts';
import { summarizeFleet, type FleetSummary } from '../../../reconcilers/read-model/fleet-summary.ts';
import { aCondition, aDroplet, aProject, activeDroplets } from '../../builders/objects.ts';
import type { Servers } from '../../../reconcilers/read-model/as-in-cloud.ts';
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
    services: () => [],
    droplets: () => droplets,
    summary: () => summarizeFleet([project], droplets, new Map()),
    onChange: handler => void handlers.push(handler),
  };
  const progress = { show: (summary: FleetSummary) => void shown.push(summary) };
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

describe('The wait for a fleet that the cloud agrees with', () => {
  const [master] = activeDroplets('shop', 1);
  const id = master!.status!.server!.id!;
  const running: Servers = new Map([[id, { status: 'active' }]]);

  function startWaitFor(...answers: Servers[]) {
    const clock = fakeClock();
    const stop = new AbortController();
    const fleet: FleetWatch = {
      projects: () => [readyProject],
      services: () => [],
      droplets: () => [master!],
      summary: () => summarizeFleet([readyProject], [master!], new Map()),
      onChange: () => undefined,
    };
    const wait = {
      fleet,
      rows: undefined,
      namespace: 'default',
      progress: undefined,
      clock,
      signal: stop.signal,
    };
    const ask = async (): Promise<Servers> => answers.shift()!;
    return { clock, stop, answers, ending: untilConvergedInCloud(wait, ask) };
  }

  it('ends at once when it does', async () => {
    expect(await startWaitFor(running).ending).to.deep.equal({ state: 'converged' });
  });

  it('does not take the word of a Droplet for a server that is gone', async () => {
    const { answers, clock, ending } = startWaitFor(new Map(), running);
    await clock.advance(1_000);
    expect(await ending).to.deep.equal({ state: 'converged' });
    expect(answers).to.deep.equal([]);
  });

  it('names what is gone when the time is over', async () => {
    const { ending, stop } = startWaitFor(new Map());
    stop.abort();
    expect(await ending).to.deep.equal({ state: 'timeout', waitingFor: ['shop-master'] });
  });
});
