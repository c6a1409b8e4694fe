import { expect } from 'chai';
import type { HostLife } from '../../environment/host-life.ts';
import { MIRROR, MIRROR_ON_HOST } from '../../environment/package-mirror.ts';
import { rejection } from '../../fakes/rejection.ts';

const CONF = '/etc/apt/apt.conf.d/52dropfleet';
const WHOLE = /^\/\/ Written by dropfleet[^]*; };\n$/;
const FOLDER = '/etc/systemd/journald.conf.d';

/** In a shell on the host: waits until the file is there. */
const waitFor = (path: string): string => `until [ -e ${path} ]; do sleep 0.05; done`;

const HIDE_MIRROR = `mv ${MIRROR} ${MIRROR}-away; rm -rf /var/lib/apt/lists/*`;
const SHOW_MIRROR = `mv ${MIRROR}-away ${MIRROR}`;

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
const HALF_A_WRITE = `${HANGING_CAT} touch /run/hold; echo '// old' >${CONF}; ${waitFor('/run/half')}`;

const HOLD_LOCK = `python3 -c '
import fcntl, time
lock = open("/var/lib/apt/lists/lock", "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
open("/run/locked", "w")
time.sleep(600)' >/dev/null 2>&1 & echo $! >/run/holder; ${waitFor('/run/locked')}`;

/** Something that is done to web1, by scripts for its shell, and how it is undone, whatever happens meanwhile. */
interface Harm {
  harm: string;
  cure: string;
  meanwhile: () => Promise<unknown>;
}

async function suffer({ onHost, untilReady }: HostLife, { harm, cure, meanwhile }: Harm): Promise<void> {
  try {
    await onHost(harm);
    await meanwhile();
  } finally {
    await onHost(cure);
  }
  await untilReady();
}

/** What it takes a machine with Debian's own tools to go through. */
export function itHasWorseDays(life: () => HostLife): void {
  it('say that no package can be had, and are Ready once one can', async () => {
    const { onHost, untilCondition } = life();
    const meanwhile = async (): Promise<void> => {
      const message = await untilCondition(
        'Configured',
        'PackagesFailed',
        /update.*File not found.*install nft/,
      );
      expect(message).to.match(
        /^failed to install nft: .*check that "sudo apt-get update" succeeds on the host/,
      );
      await onHost(`${SHOW_MIRROR}; mv ${MIRROR}/nftables.deb /root`);
      await untilCondition(
        'Configured',
        'PackagesFailed',
        /: apt-get install .*nftables\.deb +File not found/,
      );
    };
    const cure = `[ -e ${MIRROR} ] || ${SHOW_MIRROR}; mv /root/nftables.deb ${MIRROR} || true`;
    await suffer(life(), { harm: `${HIDE_MIRROR}; dpkg --remove nftables`, cure, meanwhile });
  });

  it('say that a command is gone that no package brings back', async () => {
    await suffer(life(), {
      harm: `${HIDE_MIRROR}; mv /usr/sbin/nft /usr/sbin/nft.away`,
      cure: SHOW_MIRROR,
      meanwhile: () =>
        life().untilCondition('Configured', 'PackagesFailed', /Reinstallation .* is not possible/),
    });
  });

  it('say who else is at work on the packages, and are Ready afterwards', async () => {
    await suffer(life(), {
      harm: `${HOLD_LOCK}; mv /usr/sbin/nft /usr/sbin/nft.away`,
      cure: 'mv /usr/sbin/nft.away /usr/sbin/nft; kill $(cat /run/holder)',
      meanwhile: () => life().untilCondition('Configured', 'AptBusy', /held by process \d+ \(python3\)/),
    });
  });

  it('say that the disk filled up in the middle of a write, which changes nothing, and are Ready once there is room', async () => {
    const { onHost, untilCondition } = life();
    await suffer(life(), {
      // Room for one file, and none for another beside it.
      harm: `mount -t tmpfs -o size=4k,mode=755 tmpfs ${FOLDER}; echo old >${FOLDER}/dropfleet.conf`,
      cure: `umount ${FOLDER}`,
      async meanwhile() {
        await untilCondition(
          'Configured',
          'DiskFull',
          /no space left to write .*\.conf .*No space left.*make room/,
        );
        const left = await onHost(`ls -A ${FOLDER}; grep '' ${FOLDER}/dropfleet.conf`);
        expect(left).to.equal('dropfleet.conf\nold\n');
      },
    });
  });

  it('have each file whole, the old or the new one, when the connection is lost in the middle of a write', async () => {
    const { onHost, operator, restartOperator } = life();
    await suffer(life(), {
      harm: HALF_A_WRITE,
      cure: 'rm -f /run/hold',
      async meanwhile() {
        await rejection(onHost('pkill -KILL -u dropfleet sshd'));
        // Nobody is there to write it again.
        await operator().stop();
        await onHost('rm /run/hold; while pgrep -f "[d]ropfleet-write-file"; do sleep 0.05; done');
        expect(await onHost(`grep '' ${CONF}`)).to.equal('// old\n');
        expect(await onHost('ls -A /etc/apt/apt.conf.d')).to.not.contain('.52dropfleet');
        await restartOperator({ csv: false });
      },
    });
    expect(await onHost(`grep '' ${CONF}`)).to.match(WHOLE);
  });

  it('are repaired though the power fails in the middle of a write, or of an installation', async () => {
    const { clearFaults, fault, onHost, untilReady } = life();
    await onHost(MIRROR_ON_HOST, 'web2');
    await onHost(HALF_A_WRITE, 'web1');
    await onHost(`touch /run/hold; dpkg --remove nftables; ${waitFor('/run/held')}`, 'web2');
    const names = ['web1', 'web2'];
    await Promise.all(names.map(name => fault({ type: 'crash' }, name)));
    await Promise.all(names.map(clearFaults));
    await Promise.all(names.map(untilReady));
    expect(await onHost(`grep '' ${CONF}`, 'web1')).to.match(WHOLE);
    expect(await onHost('command -v nft; dpkg --audit', 'web2')).to.equal('/usr/sbin/nft\n');
  });

  it('say why their first boot failed, and are Ready once the cause is gone', async () => {
    const { changeProject, condition, onHost, untilCondition, world } = life();
    await changeProject({ servers: 4 });
    const boot = /first boot had failed: .*File not found.*apt-get install nftables/;
    await untilCondition('Configured', 'PackagesFailed', boot, 'web3');
    await onHost(SHOW_MIRROR, 'web3');
    await world.untilReady('shop', 4);
    const { message } = condition('Configured', 'web3')!;
    expect(message).to.contain('first boot had failed and was completed');
  });
}

/** What is done to the user data of a droplet so that its first boot finds a package gone, and no mirror. */
export const BROKEN_FIRST_BOOT = [
  'cloud-init-per',
  'instance',
  'broken',
  'sh',
  '-c',
  `${MIRROR_ON_HOST} ${HIDE_MIRROR}; dpkg --remove nftables`,
];
