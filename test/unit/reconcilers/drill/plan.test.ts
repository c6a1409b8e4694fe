import { expect } from 'chai';
import type { Droplet } from '../../../../crds/droplet.ts';
import { DRILL_ANNOTATION, DRILL_FINALIZER } from '../../../../crds/names.ts';
import { DRILL } from '../../../../reconcilers/drill/concern.ts';
import {
  planDrill,
  type Drill,
  type DrillInput,
  type DrillServer,
  type DrillView,
} from '../../../../reconcilers/drill/plan.ts';
import { aDroplet, activeStatus } from '../../../builders/objects.ts';

const START = '2026-01-01T00:00:00Z';
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const { timings } = DRILL;

const BEGUN: Drill = { request: 'one', step: 'Preparing', startedAt: START };
const ASKED: Drill = { ...BEGUN, step: 'Creating', nonce: 'n', launchedAt: START };
const MADE: Drill = { ...ASKED, serverID: 9 };
const UP: Drill = { ...MADE, step: 'Connecting', address: '203.0.113.9', activeAt: START };
const IN: Drill = { ...UP, step: 'Checking', connectedAt: START };
const GOING: Drill = { ...IN, step: 'Removing', result: 'Passed', message: 'well' };
const DONE: Drill = { ...GOING, step: 'Done' };

interface Of {
  drill?: Drill;
  wish?: string;
  isDeleted?: boolean;
  hasFinalizer?: boolean;
}

function droplet({ drill, wish, isDeleted = false, hasFinalizer = false }: Of): Droplet {
  return aDroplet('shop-web1', {
    metadata: {
      finalizers: hasFinalizer ? [DRILL_FINALIZER] : [],
      ...(wish !== undefined && { annotations: { [DRILL_ANNOTATION]: wish } }),
      ...(isDeleted && { deletionTimestamp: START }),
    },
    status: { ...activeStatus(7), ...(drill && { drill }) },
  });
}

const plan = (of: Of, parts: Partial<DrillInput> = {}) =>
  planDrill({ droplet: droplet(of), now: Date.parse(START), timings, ...parts });
const at = (ms: number) => ({ now: Date.parse(START) + ms });
const server = (parts: Partial<DrillServer> = {}): DrillServer => ({
  id: 9,
  status: 'new',
  tags: ['dropfleet-nonce:n'],
  ...parts,
});
const view = (parts: Partial<DrillView> = {}): { view: DrillView } => ({
  view: { servers: [], nonceSeenMs: 0, isEnding: false, ...parts },
});
const SNAPSHOT = { id: '99', createdAt: START };

describe('The plan of a restore drill', () => {
  it('takes the word off that it follows, or has followed', () => {
    for (const drill of [BEGUN, GOING, DONE])
      expect(plan({ drill, wish: 'one' })).to.deep.equal({ type: 'take-off-word' });
  });

  it('begins when somebody asks, or says why it cannot', () => {
    for (const drill of [undefined, DONE]) {
      const of = { ...(drill && { drill }), wish: 'two' };
      expect(plan(of, { start: SNAPSHOT })).to.deep.equal({
        type: 'begin',
        request: 'two',
        snapshot: SNAPSHOT,
      });
      expect(plan(of, { start: 'no' })).to.deep.equal({ type: 'refuse', request: 'two', message: 'no' });
    }
  });

  it('does nothing where nobody asks, nor for a Droplet that goes, and puts a second wish off', () => {
    expect(plan({})).to.deep.equal({ type: 'wait' });
    expect(plan({ wish: 'two', isDeleted: true }, { start: SNAPSHOT })).to.deep.equal({ type: 'wait' });
    expect(plan({ drill: UP, wish: 'two' }, view({ servers: [server()] }))).to.deep.equal({
      type: 'connect',
    });
  });

  it('lets the Droplet go when it is over', () =>
    expect(plan({ drill: DONE, hasFinalizer: true, isDeleted: true })).to.deep.equal({
      type: 'remove-finalizer',
    }));

  it('keeps the Droplet before anything is made', () => {
    expect(plan({ drill: BEGUN })).to.deep.equal({ type: 'add-finalizer' });
    expect(plan({ drill: BEGUN, hasFinalizer: true })).to.deep.equal({ type: 'launch' });
  });

  it('asks for one server and no other: it is found by its nonce, or the drill fails when it cannot come any more', () => {
    const old = server({ id: 8, tags: ['dropfleet-nonce:before'] });
    expect(plan({ drill: ASKED }, view({ servers: [old] }))).to.deep.equal({ type: 'wait' });
    expect(plan({ drill: ASKED }, view({ servers: [old, server()] }))).to.deep.equal({
      type: 'note',
      fields: { serverID: 9 },
    });
    expect(plan({ drill: ASKED }, view({ nonceSeenMs: timings.launchGraceMs }))).to.deep.equal({
      type: 'wait',
    });
    expect(plan({ drill: ASKED }, view({ nonceSeenMs: timings.launchGraceMs + 1 }))).to.deep.equal({
      type: 'fail',
      message: 'DigitalOcean never showed the droplet that was asked for',
    });
  });

  it('goes on as soon as the server runs and has an address', () => {
    for (const parts of [{}, { status: 'active' as const }, { publicAddress: '203.0.113.9' }])
      expect(plan({ drill: MADE }, view({ servers: [server(parts)] }))).to.deep.equal({ type: 'wait' });
    const up = server({ status: 'active', publicAddress: '203.0.113.9' });
    expect(plan({ drill: MADE }, view({ servers: [up] }))).to.deep.equal({
      type: 'note',
      fields: { step: 'Connecting', address: '203.0.113.9' },
    });
    expect(plan({ drill: UP }, view({ servers: [up] }))).to.deep.equal({ type: 'connect' });
    expect(plan({ drill: IN }, view({ servers: [up] }))).to.deep.equal({ type: 'check' });
  });

  it('fails when the Droplet goes, the server vanishes, a step takes too long, or all of it', () => {
    const there = view({ servers: [server()] });
    for (const drill of [BEGUN, ASKED, MADE, UP, IN])
      expect(plan({ drill, isDeleted: true, hasFinalizer: true }, there).type, drill.step).to.equal('fail');
    expect(plan({ drill: UP }, view({ missingMs: timings.absenceMs - 1 })).type).to.equal('connect');
    expect(plan({ drill: UP }, view({ missingMs: timings.absenceMs })).type).to.equal('fail');
    for (const drill of [BEGUN, MADE, UP, IN]) {
      expect(plan({ drill, hasFinalizer: true }, { ...there, ...at(timings.stepMs) }).type).to.not.equal(
        'fail',
      );
      expect(plan({ drill, hasFinalizer: true }, { ...there, ...at(timings.stepMs + 1) }).type).to.equal(
        'fail',
      );
    }
    const late = { ...IN, message: 'docker does not answer yet', connectedAt: '2026-01-01T00:19:00Z' };
    expect(plan({ drill: late }, { ...there, ...at(20 * MINUTE) }).type).to.equal('check');
    expect(plan({ drill: late }, { ...there, ...at(20 * MINUTE + 1) })).to.deep.equal({
      type: 'fail',
      message:
        'the check of its engine and services was not over within 20 minutes: docker does not answer yet',
    });
  });

  it('destroys all that it made, however long that takes', () => {
    const both = view({ servers: [server(), server({ id: 10 })] });
    expect(plan({ drill: GOING }, { ...both, ...at(60 * MINUTE) })).to.deep.equal({
      type: 'destroy',
      ids: [9, 10],
    });
  });

  it('is not over before nothing can be left', () => {
    const { serverID: _lost, ...unknown } = GOING;
    const rows: [Drill, Partial<DrillView>, string][] = [
      [GOING, { missingMs: timings.absenceMs - 1 }, 'wait'],
      [GOING, { missingMs: timings.absenceMs }, 'finish'],
      [GOING, { missingMs: 0, isEnding: true }, 'finish'],
      [unknown, { nonceSeenMs: timings.launchGraceMs }, 'wait'],
      [unknown, { nonceSeenMs: timings.launchGraceMs + 1 }, 'finish'],
      [unknown, { isEnding: true }, 'finish'],
    ];
    for (const [drill, parts, type] of rows)
      expect(plan({ drill }, view(parts)), JSON.stringify(parts)).to.deep.equal({ type });
    const { nonce: _never, ...unasked } = unknown;
    expect(plan({ drill: unasked })).to.deep.equal({ type: 'finish' });
  });
});
