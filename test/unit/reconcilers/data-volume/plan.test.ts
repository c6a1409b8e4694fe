import { expect } from 'chai';
import {
  planDataVolume,
  type DataVolumeInput,
  type DataVolumePlan,
  type MountView,
} from '../../../../reconcilers/data-volume/plan.ts';

const NAME = 'fleet-shop-data';
const STATUS = { nonce: 'n1', name: NAME, region: 'nyc3' };
const OURS = { id: 'v1', name: NAME, sizeGB: 10, owner: 'ours' } as const;
const MASTER: MountView = { id: 7, isIdle: true, isReplaced: false, isReachable: true };
const KNOWN = { ...STATUS, id: 'v1' };
const IN_PLACE = { ...KNOWN, sizeGB: 10, serverID: 7 };

function plan(parts: Partial<DataVolumeInput>): DataVolumePlan {
  return planDataVolume({ wantedGB: 10, status: STATUS, region: 'nyc3', ...parts });
}
const stepOf = (parts: Partial<DataVolumeInput>): unknown => plan(parts).step;

describe('The plan of a data volume', () => {
  it('writes down what it asks for before it asks', () => {
    expect(stepOf({ status: {} })).to.deep.equal({ type: 'note' });
    expect(stepOf({ status: {}, volume: { ...OURS, owner: 'former' } })).to.deep.equal({ type: 'note' });
  });

  it('waits for a master, as it is to be in its region', () => {
    const { region: _none, ...rest } = { wantedGB: 10, status: {}, region: 'nyc3' };
    expect(planDataVolume(rest)).to.deep.include({ pace: 'poll' }).and.not.have.property('step');
  });

  it('asks for one when there is none of that name, and takes the one with its tags for the answer', () => {
    expect(stepOf({})).to.deep.equal({ type: 'create', sizeGB: 10 });
    expect(stepOf({ volume: OURS })).to.deep.equal({ type: 'adopt', id: 'v1' });
  });

  it("takes over what a former Project of the name left, and leaves somebody else's alone", () => {
    expect(stepOf({ volume: { ...OURS, owner: 'former' } })).to.deep.equal({ type: 'take-over', id: 'v1' });
    const taken = plan({ volume: { ...OURS, owner: 'foreign' } });
    expect(taken.step).to.equal(undefined);
    expect(taken.condition).to.deep.include({ status: 'False', reason: 'NameTaken' });
  });

  it('has another made for one that is gone, which is not the same as a first one', () => {
    expect(stepOf({ status: IN_PLACE })).to.deep.equal({ type: 'create-again', sizeGB: 10, lost: 'v1' });
    expect(stepOf({ status: IN_PLACE, volume: { ...OURS, id: 'v2', owner: 'foreign' } })).to.equal(undefined);
  });

  it('attaches it to a server that is there and stays', () => {
    const at = (change?: Partial<MountView>) =>
      stepOf({ status: KNOWN, volume: OURS, ...(change && { master: { ...MASTER, ...change } }) });
    expect(at({})).to.deep.equal({ type: 'attach', id: 'v1', to: 7 });
    expect(at({ isIdle: false })).to.equal(undefined);
    expect(at({ isReplaced: true })).to.equal(undefined);
    expect(at()).to.equal(undefined);
  });

  it('takes it from a former master alone, and only when that is off', () => {
    const from = (isOff: boolean, isFormer: boolean) =>
      plan({
        status: IN_PLACE,
        volume: { ...OURS, holderID: 3 },
        master: MASTER,
        holder: { id: 3, isOff, isFormer },
      });
    expect(from(true, true).step).to.deep.equal({ type: 'detach', id: 'v1', from: 3 });
    for (const [isOff, isFormer] of [
      [false, true],
      [true, false],
      [false, false],
    ] as const) {
      const { step, condition, isInPlace } = from(isOff, isFormer);
      expect(step).to.equal(undefined);
      expect(condition.reason).to.equal('Held');
      expect(isInPlace).to.equal(false);
    }
  });

  it('waits for the cloud to detach it when the server that had it is gone', () => {
    const gone = plan({ status: IN_PLACE, volume: { ...OURS, holderID: 3 }, master: MASTER });
    expect(gone).to.deep.include({ pace: 'poll', isInPlace: false }).and.not.have.property('step');
  });

  it('mounts it where it is attached, once the host can be reached', () => {
    const volume = { ...OURS, holderID: 7 };
    const mount = { type: 'mount', on: 7, sizeGB: 10 };
    expect(stepOf({ status: KNOWN, volume, master: MASTER })).to.deep.equal(mount);
    expect(stepOf({ status: KNOWN, volume, master: { ...MASTER, isReachable: false } })).to.equal(undefined);
    const lost = plan({ status: IN_PLACE, volume, master: { ...MASTER, mounted: '' } });
    expect(lost).to.deep.include({ step: mount, isInPlace: false });
  });

  it('is content with one that is mounted, and believes so of a host that says nothing', () => {
    const volume = { ...OURS, holderID: 7 };
    for (const mounted of [NAME, undefined]) {
      const master = { ...MASTER, isReachable: false, ...(mounted && { mounted }) };
      const done = plan({ status: IN_PLACE, volume, master });
      expect(done).to.deep.include({ isInPlace: true, pace: 'look' }).and.not.have.property('step');
      expect(done.condition.message).to.equal(
        'fleet-shop-data (10 GB at $1.00 a month) is mounted on the master',
      );
    }
  });

  it('grows it, and then its file system, while it is in use', () => {
    const at = { status: IN_PLACE, master: { ...MASTER, mounted: NAME } };
    const growing = plan({ ...at, wantedGB: 20, volume: { ...OURS, holderID: 7 } });
    expect(growing).to.deep.include({ step: { type: 'resize', id: 'v1', sizeGB: 20 }, isInPlace: true });
    const grown = plan({ ...at, wantedGB: 20, volume: { ...OURS, sizeGB: 20, holderID: 7 } });
    expect(grown).to.deep.include({ step: { type: 'mount', on: 7, sizeGB: 20 }, isInPlace: true });
  });

  it('says that it does not shrink, and that it stays when it is no longer asked for', () => {
    const at = { status: IN_PLACE, volume: { ...OURS, holderID: 7 }, master: { ...MASTER, mounted: NAME } };
    const smaller = plan({ ...at, wantedGB: 5 });
    expect(smaller).to.deep.include({ isInPlace: true }).and.not.have.property('step');
    expect(smaller.condition).to.deep.include({ status: 'False', reason: 'CannotShrink' });
    const { wantedGB: _none, ...unasked } = { wantedGB: 10, region: 'nyc3', ...at };
    expect(planDataVolume(unasked).condition).to.deep.include({ status: 'True', reason: 'Kept' });
  });
});
