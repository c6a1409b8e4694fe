import { expect } from 'chai';
import { planReservedIP, type ReservedIPInput } from '../../../../reconcilers/reserved-ip/plan.ts';

const MASTER = { id: 7, isIdle: true, isReplaced: false, isReachable: true };
const A = '198.51.100.1';
const plan = (parts: Partial<ReservedIPInput>) =>
  planReservedIP({
    isWanted: true,
    status: {},
    addresses: [],
    master: MASTER,
    isGraceOver: false,
    ...parts,
  });
const stepOf = (parts: Partial<ReservedIPInput>) => plan(parts).step;
const at = (dropletId?: number, locked = false) => [
  { address: A, locked, ...(dropletId !== undefined && { dropletId }) },
];

describe('The plan of a reserved IP', () => {
  it('asks for one for a server that is there and stays', () => {
    expect(stepOf({})).to.deep.equal({ type: 'create', for: 7 });
    expect(stepOf({ master: { ...MASTER, isReplaced: true } })).to.equal(undefined);
    expect(stepOf({ master: { ...MASTER, isIdle: false } })).to.equal(undefined);
  });

  it('takes the one that leads to the server that it was asked for as the answer, though another is there by now', () => {
    expect(stepOf({ status: { requestedFor: 3 }, addresses: at(3) })).to.deep.equal({
      type: 'adopt',
      address: A,
    });
    expect(stepOf({ addresses: at(7) })).to.deep.equal({ type: 'adopt', address: A });
    expect(stepOf({ addresses: at(9) })).to.deep.equal({ type: 'create', for: 7 });
  });

  it('asks for no second while the first may be on its way', () => {
    const status = { requestedFor: 7 };
    expect(stepOf({ status })).to.equal(undefined);
    expect(stepOf({ status, isGraceOver: true, addresses: at(undefined, true) })).to.equal(undefined);
    expect(stepOf({ status, isGraceOver: true })).to.deep.equal({ type: 'create', for: 7 });
  });

  it('is content when it leads to the master, and says so once', () => {
    const status = { requestedFor: 7, address: A };
    expect(stepOf({ status, addresses: at(7) })).to.deep.equal({ type: 'arrive', at: 7 });
    const done = plan({ status: { ...status, serverID: 7 }, addresses: at(7) });
    expect(done).to.deep.equal({
      condition: { status: 'True', reason: 'Assigned', message: `${A} leads to the master` },
      pace: 'look',
    });
  });

  it('has it lead to the master from nowhere, or from a former one that is off', () => {
    const status = { address: A, serverID: 3 };
    const to = { type: 'assign', address: A, to: 7 };
    expect(stepOf({ status, addresses: at() })).to.deep.equal(to);
    expect(stepOf({ status, addresses: at(3) }), 'of one that is gone').to.deep.equal(to);
    const holder = (isOff: boolean, isFormer: boolean) =>
      stepOf({ status, addresses: at(3), holder: { id: 3, isOff, isFormer } });
    expect(holder(true, true)).to.deep.equal({ ...to, from: 3 });
    expect(holder(false, true)).to.equal(undefined);
    expect(holder(true, false)).to.equal(undefined);
    expect(stepOf({ status, addresses: at(undefined, true) })).to.equal(undefined);
  });

  it('knows one that is gone from one that never was', () => {
    expect(stepOf({ status: { address: A } })).to.deep.equal({ type: 'create-again', for: 7, lost: A });
  });

  it('releases one that is no longer wanted', () => {
    const status = { address: A };
    const release = { type: 'release', address: A };
    expect(stepOf({ isWanted: false, status, addresses: at(7) })).to.deep.equal(release);
    expect(stepOf({ isWanted: false, status })).to.deep.equal({ type: 'forget' });
  });
});
