import { expect } from 'chai';
import type { HostLife } from '../../environment/host-life.ts';

/** Faults of machines and networks: each is told, and ends Ready once it is over. */
export function itHasBadDays(life: () => HostLife): void {
  it('are configured though they crash during their first boot', async () => {
    const { changeProject, clearFaults, condition, fault, world } = life();
    await changeProject({ servers: 3 });
    await world.until('a new server that runs', () => condition('Provisioned', 'web2')?.status === 'True');
    await fault({ type: 'crash' }, 'web2');
    await clearFaults('web2');
    await world.untilReady('shop', 3);
  });

  it('say that they cannot be reached, cut off or crashed, and are Ready once they can', async () => {
    const { clearFaults, fault, isReady, untilReady, untilCondition } = life();
    await fault({ type: 'cut', peer: 'operator' }, 'web1');
    await fault({ type: 'crash' }, 'web2');
    const names = ['web1', 'web2'];
    for (const name of names) {
      expect(await untilCondition('Reachable', 'Unreachable', /./, name)).to.contain(
        'check that the droplet is on',
      );
      expect(isReady(name)).to.equal(false);
    }
    await Promise.all(names.map(clearFaults));
    await Promise.all(names.map(untilReady));
  });

  it('say that their disk is full, and are Ready once there is room', async () => {
    const { clearFaults, fault, untilReady, untilCondition } = life();
    await fault({ type: 'disk-full' });
    expect(await untilCondition('Configured', 'DiskFull')).to.contain('make room');
    await clearFaults();
    await untilReady();
  });

  it('are configured over a slow network that loses packets', async () => {
    const { clearFaults, fault, onHost, operator, untilReady, world } = life();
    await fault({ type: 'delay', ms: 100 });
    await fault({ type: 'loss', percent: 2 });
    await onHost('rm /etc/dropfleet/metadata.nft');
    const isWritten = (): boolean => operator().hostCommands.includes('write /etc/dropfleet/metadata.nft');
    await world.until('the file written again', isWritten);
    await untilReady();
    await clearFaults();
  });
}
