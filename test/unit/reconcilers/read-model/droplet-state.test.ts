import { expect } from 'chai';
import type { DropletStatus } from '../../../../crds/droplet.ts';
import { dropletState } from '../../../../reconcilers/read-model/droplet-state.ts';
import { aCondition, aDroplet } from '../../../builders/objects.ts';

const stateOf = (phase: DropletStatus['phase'], ready?: 'True' | 'False', reason = 'Ready', metadata = {}) =>
  dropletState(
    aDroplet('shop-web1', {
      metadata,
      status: { ...(phase && { phase }), conditions: ready ? [aCondition('Ready', ready, reason)] : [] },
    }),
  );
const fine = { stuck: false, degraded: false };

describe('How one droplet is', () => {
  it('is its phase until the server runs', () => {
    expect(dropletState(aDroplet('shop-web1'))).to.deep.equal({ state: 'Pending', ...fine });
    for (const phase of ['Booting', 'PoweringOn'] as const)
      expect(stateOf(phase, 'False', phase)).to.deep.equal({ state: phase, ...fine });
  });

  it('is Ready, and Deleting whatever else is said', () => {
    expect(stateOf('Active', 'True')).to.deep.equal({ state: 'Ready', ...fine });
    const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z' };
    expect(stateOf('Active', 'True', 'Ready', metadata)).to.deep.equal({ state: 'Deleting', ...fine });
  });

  for (const reason of ['Connecting', 'FirstBoot', 'Configuring'])
    it(`is ${reason}, which is no trouble`, () => {
      expect(stateOf('Active', 'False', reason)).to.deep.equal({ state: reason, ...fine });
    });

  for (const reason of ['Unreachable', 'FirstBootFailed', 'AptBusy', 'ServiceFailed'])
    it(`is ${reason}, which is trouble that may pass`, () => {
      expect(stateOf('Active', 'False', reason)).to.deep.equal({
        state: reason,
        stuck: false,
        degraded: true,
      });
    });

  it('is trouble when it boots for longer than a boot ever takes', () => {
    const state = 'BootingOverdue';
    expect(stateOf('Booting', 'False', state)).to.deep.equal({ state, stuck: false, degraded: true });
  });

  for (const reason of ['HostKeyMismatch', 'AuthenticationRefused', 'DiskFull'])
    it(`is ${reason}, which waits for a person`, () => {
      expect(stateOf('Active', 'False', reason)).to.deep.equal({
        state: reason,
        stuck: true,
        degraded: true,
      });
    });

  it('is Failed, which waits for a person', () => {
    expect(stateOf('Failed', 'False', 'Refused')).to.deep.equal({
      state: 'Failed',
      stuck: true,
      degraded: true,
    });
  });
});
