import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { DROPLET_LABEL } from './names.ts';
import { boot } from './power.ts';
import type { Rack } from './rack.ts';

/** What a container exits with whose systemd was told to reboot: the kernel ends its first process by SIGHUP. */
const REBOOT = '129';
/** Milliseconds until the daemon is asked again after it went away. */
const RETRY = 1000;

/**
 * Starts machines again that were rebooted from inside: for Docker they have exited. One that was powered off from
 * inside stays off until it is told to be on.
 */
export function watchReboots(rack: Rack): { close(): Promise<void> } {
  let events: ChildProcess | undefined;
  let retry: NodeJS.Timeout | undefined;
  const follow = (): void => {
    events = followExits(rack, (id, code) => {
      if (code === REBOOT && rack.specs.get(id)?.power === 'on') void bootAgain(rack, id);
    });
    events.on('close', () => (retry = setTimeout(follow, RETRY)));
  };
  follow();
  return {
    async close() {
      events?.removeAllListeners('close').kill();
      clearTimeout(retry);
    },
  };
}

function followExits({ names }: Rack, onExit: (id: number, code: string) => void): ChildProcess {
  const filters = [
    '--filter',
    `label=${names.label}`,
    '--filter',
    `label=${DROPLET_LABEL}`,
    '--filter',
    'event=die',
  ];
  const format = `{{index .Actor.Attributes "${DROPLET_LABEL}"}} {{.Actor.Attributes.exitCode}}`;
  const events = spawn('docker', ['events', ...filters, '--format', format], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // Docker was there a moment ago; if it is not any more, whatever is done next says so.
  events.on('error', () => undefined);
  createInterface({ input: events.stdout }).on('line', line => {
    const [id, code] = line.split(' ');
    onExit(Number(id), code!);
  });
  return events;
}

async function bootAgain(rack: Rack, id: number): Promise<void> {
  await rack
    .inTurn(id, async () => {
      const spec = rack.specs.get(id);
      if (spec?.power === 'on') await boot(rack, spec);
    })
    .catch((error: Error) =>
      rack.onProgress(`Droplet ${id} rebooted itself and is not back: ${error.message}`),
    );
}
