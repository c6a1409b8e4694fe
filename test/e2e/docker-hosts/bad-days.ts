import { expect } from 'chai';
import type { HostLife } from '../../environment/host-life.ts';
import { MIRROR, MIRROR_ON_HOST } from '../../environment/package-mirror.ts';
import { rejection } from '../../fakes/rejection.ts';

const CONF = '/etc/apt/apt.conf.d/52dropfleet';
const WHOLE = /^\/\/ Written by dropfleet[^]*; };\n$/;

/** In a shell on the host: waits until the file is there. */
const waitFor = (path: string): string => `until [ -e ${path} ]; do sleep 0.05; done`;

/** Has whoever writes a file hang in the middle while /run/hold is there; then the rest is lost, as on a cut line. */
const HANGING_CAT = `cat >/usr/local/sbin/cat <<'END'
#!/bin/sh
[ -e /run/hold ] || exec /usr/bin/cat "$@"
dd bs=1 count=100 status=none
touch /run/half
while [ -e /run/hold ]; do sleep 0.05; done
END
chmod 755 /usr/local/sbin/cat
`;

/** What it takes a machine with Debian's own tools to go through. */
export function itHasWorseDays(life: () => HostLife): void {
  it('say that no package can be had, and are Ready once one can', async () => {
    const { onHost, untilReady, untilSaid } = life();
    await onHost(`mv ${MIRROR} ${MIRROR}-away; rm -rf /var/lib/apt/lists/*; dpkg --remove nftables`);
    const message = await untilSaid(
      'Configured',
      'PackagesFailed',
      /update.*Packages +File not found.*has no/,
    );
    expect(message).to.match(/^nft cannot be installed: .*"sudo apt-get update" on it must succeed$/);
    await onHost(`mv ${MIRROR}-away ${MIRROR}; mv ${MIRROR}/nftables.deb /root`);
    await untilSaid('Configured', 'PackagesFailed', /: apt-get install .*nftables\.deb +File not found/);
    await onHost(`mv /root/nftables.deb ${MIRROR}`);
    await untilReady();
  });

  it('say that a command is gone that no package brings back', async () => {
    const { onHost, untilReady, untilSaid } = life();
    await onHost(
      `mv ${MIRROR} ${MIRROR}-away; rm -rf /var/lib/apt/lists/*; mv /usr/sbin/nft /usr/sbin/nft.away`,
    );
    await untilSaid('Configured', 'PackagesFailed', /Reinstallation of nftables is not possible/);
    await onHost(`mv ${MIRROR}-away ${MIRROR}`);
    await untilReady();
  });

  it('say who else is at work on the packages, and are Ready afterwards', async () => {
    const { onHost, untilReady, untilSaid } = life();
    const holdLock =
      'import fcntl, time; lock = open("/var/lib/apt/lists/lock", "w"); fcntl.lockf(lock, fcntl.LOCK_EX); print("held", flush=True); time.sleep(600)';
    await onHost(
      `python3 -c '${holdLock}' >/run/locked 2>&1 & echo $! >/run/holder
      until grep -q held /run/locked; do sleep 0.1; done; mv /usr/sbin/nft /usr/sbin/nft.away`,
    );
    await untilSaid('Configured', 'AptBusy', /held by process \d+ \(python3\)/);
    await onHost('mv /usr/sbin/nft.away /usr/sbin/nft; kill $(cat /run/holder)');
    await untilReady();
  });

  it('say that the disk filled up in the middle of a write, which changes nothing, and are Ready once there is room', async () => {
    const { onHost, untilReady, untilSaid } = life();
    const folder = '/etc/systemd/journald.conf.d';
    // Room for one file, and none for another beside it.
    await onHost(`mount -t tmpfs -o size=4k,mode=755 tmpfs ${folder}; echo old >${folder}/dropfleet.conf`);
    await untilSaid(
      'Configured',
      'DiskFull',
      /no room to write .*dropfleet\.conf .*No space left.*make room/,
    );
    expect(await onHost(`ls -A ${folder}; cat ${folder}/dropfleet.conf`)).to.equal('dropfleet.conf\nold\n');
    await onHost(`umount ${folder}`);
    await untilReady();
  });

  const cuts: Record<string, (life: HostLife) => Promise<unknown>> = {
    'the connection is lost': ({ onHost }) => rejection(onHost('pkill -KILL -u dropfleet sshd')),
    'the operator ends': ({ restartOperator }) => restartOperator({ csv: false }),
  };
  for (const [what, cut] of Object.entries(cuts))
    it(`have each file whole, the old or the new one, when ${what} in the middle of a write`, async () => {
      const { onHost, untilReady } = life();
      await onHost(`${HANGING_CAT} touch /run/hold; echo '// old' >${CONF}; ${waitFor('/run/half')}`);
      await cut(life());
      expect(await onHost(`grep '' ${CONF}`)).to.equal('// old\n');
      await onHost('rm /run/hold /run/half');
      await untilReady();
      expect(await onHost(`grep '' ${CONF}`)).to.match(WHOLE);
      expect(await onHost('ls -A /etc/apt/apt.conf.d')).to.not.contain('.52dropfleet');
    });

  it('are repaired though the power fails in the middle of a write, or of an installation', async () => {
    const { clearFaults, fault, onHost, untilReady } = life();
    await onHost(MIRROR_ON_HOST, 'web2');
    await onHost(`${HANGING_CAT} touch /run/hold; echo '// old' >${CONF}; ${waitFor('/run/half')}`, 'web1');
    await onHost(`touch /run/hold; dpkg --remove nftables; ${waitFor('/run/held')}`, 'web2');
    const names = ['web1', 'web2'];
    await Promise.all(names.map(name => fault({ type: 'crash' }, name)));
    await Promise.all(names.map(clearFaults));
    await Promise.all(names.map(untilReady));
    expect(await onHost(`grep '' ${CONF}`, 'web1')).to.match(WHOLE);
    expect(await onHost('command -v nft; dpkg --audit', 'web2')).to.equal('/usr/sbin/nft\n');
  });

  it('say why their first boot failed, and are Ready once the cause is gone', async () => {
    const { changeProject, onHost, untilSaid, world } = life();
    await changeProject({ servers: 4 });
    await untilSaid(
      'Configured',
      'PackagesFailed',
      /the first boot failed before: .*has no installation cand/,
      'web3',
    );
    await onHost(`mv ${MIRROR}-away ${MIRROR}`, 'web3');
    await world.untilReady('shop', 4);
    expect(life().condition('Configured', 'web3')!.message).to.contain(
      'what the first boot could not do was done',
    );
  });
}

/** What is done to the user data of a droplet so that its first boot finds a package gone, and no mirror. */
export const BROKEN_FIRST_BOOT = [
  'cloud-init-per',
  'instance',
  'broken',
  'sh',
  '-c',
  `${MIRROR_ON_HOST} mv ${MIRROR} ${MIRROR}-away; rm -rf /var/lib/apt/lists/*; dpkg --remove nftables`,
];
