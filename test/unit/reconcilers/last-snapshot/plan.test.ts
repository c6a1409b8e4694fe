import { expect } from 'chai';
import { planLast, type LastPlan, type LastView } from '../../../../reconcilers/last-snapshot/plan.ts';

const SHUTDOWN_MS = 60_000;
type Server = Partial<LastView['server']>;

const view = (server: Server, parts: Partial<LastView> = {}): LastView => ({
  server: { id: 7, status: 'active', locked: false, ...server },
  entry: {},
  stopSeenMs: 0,
  hasHadTime: false,
  ...parts,
});
const plan = (server: Server, parts?: Partial<LastView>): LastPlan =>
  planLast(view(server, parts), SHUTDOWN_MS);
/** What is done next: a step, a wait, or that it may go. */
const next = (server: Server, parts?: Partial<LastView>): string => {
  const { type, ...rest } = plan(server, parts);
  return type === 'safe' ? 'safe' : 'step' in rest && rest.step ? rest.step.type : 'wait';
};
const OFF = { status: 'off' } as const;
const ASKED: Partial<LastView> = { entry: { name: 'last' } };
const TAKEN: Partial<LastView> = { ...ASKED, snapshot: { id: '9', missingTags: [] } };

describe('A server that holds data and is to be destroyed', () => {
  it('is shut down first, and its guest has a minute', () => {
    expect(next({})).to.equal('shut-down');
    const stop = { type: 'shutdown', status: 'completed' } as const;
    expect(next({}, { stop, stopSeenMs: SHUTDOWN_MS - 1 })).to.equal('wait');
    expect(next({}, { stop, stopSeenMs: SHUTDOWN_MS })).to.equal('power-off');
  });

  it('is left to what it is at', () => {
    expect(next({ locked: true })).to.equal('wait');
    expect(next({ ...OFF, locked: true })).to.equal('wait');
    expect(next({}, { stop: { type: 'shutdown', status: 'in-progress' } })).to.equal('wait');
    expect(next({ ...OFF, locked: true }, TAKEN)).to.equal('wait');
  });

  it('is kept while it cannot be powered off', () => {
    expect(plan({}, { stop: { type: 'power_off', status: 'errored' } }))
      .to.have.property('step')
      .that.deep.equals({ type: 'give-up', why: 'DigitalOcean failed to power it off' });
  });

  it('has a snapshot taken once it is off, and no second one is asked for', () => {
    expect(next(OFF)).to.equal('take');
    expect(next({ status: 'archive' })).to.equal('take');
    expect(next(OFF, ASKED)).to.equal('wait');
    expect(next(OFF, { ...ASKED, taking: { type: 'snapshot', status: 'in-progress' } })).to.equal('wait');
    expect(next(OFF, { ...ASKED, taking: { type: 'snapshot', status: 'completed' } })).to.equal('wait');
  });

  it('is kept when that failed, or never came to be seen', () => {
    for (const parts of [{ taking: { type: 'snapshot', status: 'errored' } as const }, { hasHadTime: true }])
      expect(next(OFF, { ...ASKED, ...parts })).to.equal('give-up');
  });

  it('may go when the snapshot is there and carries the tags by which it is found, not before', () => {
    const untagged = { ...TAKEN, snapshot: { id: '9', missingTags: ['dropfleet:f'] } };
    expect(plan(OFF, untagged))
      .to.have.property('step')
      .that.deep.equals({ type: 'tag', snapshot: '9', tags: ['dropfleet:f'] });
    expect(next(OFF, TAKEN)).to.equal('safe');
  });

  it('begins again when somebody powered it on meanwhile: what came since is not on the snapshot', () => {
    expect(next({}, TAKEN)).to.equal('begin-again');
    expect(next({ status: 'new' }, TAKEN)).to.equal('begin-again');
  });
});
