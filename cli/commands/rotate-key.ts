import { systemClock } from '../../clients/clock.ts';
import { DROPLETS } from '../../clients/kubernetes/kinds.ts';
import { fingerprintOfLine } from '../../clients/ssh/fingerprint.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import type { SshPool } from '../../clients/ssh/ssh.ts';
import type { Droplet } from '../../crds/droplet.ts';
import { keyOf } from '../../crds/meta.ts';
import { AUTHORIZED_KEYS, rotateKey as rotate } from '../../reconcilers/ssh-key/rotate.ts';
import type { RotationStep } from '../../reconcilers/ssh-key/rotation-plan.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../options.ts';
import { printResult, printLine } from '../output.ts';
import { isOperatorRunning } from '../world/running-operator.ts';
import { makeKey } from '../world/ssh-key.ts';
import { fleetIdOf } from '../world/identity.ts';
import { openWorld } from '../world/open.ts';
import { keyPlaceOf, sshKeysOf } from '../world/world-keys.ts';
import type { World } from '../world/world.ts';

/** Replaces the fleet's SSH key on every host and at the cloud; goes on where an earlier call was cut off. */
export async function rotateKey(options: GlobalOptions): Promise<void> {
  const ssh = createSshPool({ clock: systemClock, random: Math.random });
  try {
    await withoutOperator(options, (world, droplets) => replaceKey(options, world, droplets, ssh));
  } finally {
    ssh.close();
  }
}

/** Takes the key that is there, or a new one, for the fleet's, where the one that hosts know is lost. */
export async function acceptLoss(options: GlobalOptions): Promise<void> {
  await withoutOperator(options, async (world, droplets) => {
    const { publicKey } = (await sshKeysOf(world).acceptLoss()).current;
    const hosts = droplets
      .filter(({ status }) => status?.server?.id !== undefined)
      .map(droplet => ({ name: keyOf(droplet), address: droplet.status?.server?.publicAddress ?? null }));
    printResult(options, { publicKey, fingerprint: fingerprintOfLine(publicKey), hosts }, () => [
      `The fleet's SSH key is now ${fingerprintOfLine(publicKey)}, ${keyPlaceOf(world).name}. Keep a copy of it.`,
      ...(hosts.length === 0 ? [] : howToLetIn(publicKey, hosts)),
      'Then start the operator again.',
    ]);
  });
}

const howToLetIn = (publicKey: string, hosts: readonly { name: string; address: string | null }[]) => [
  `To let it in, log in to each of these by another key of yours, or at DigitalOcean's console, and add the line to ${AUTHORIZED_KEYS}:`,
  ...hosts.map(({ name, address }) => `  ${name}${address === null ? '' : `  ${address}`}`),
  publicKey,
  'A host that does not have it stays AuthenticationRefused; its services go on.',
];

async function withoutOperator(
  options: GlobalOptions,
  act: (world: World, droplets: readonly Droplet[]) => Promise<void>,
): Promise<void> {
  const world = await openWorld(options);
  try {
    if (await isOperatorRunning(world))
      throw new CommandFailure(
        'an operator is running with the current SSH key: stop it first (Ctrl-C in "dropfleet up", or scale its Deployment to 0), and start it again afterwards; services go on meanwhile',
      );
    await act(world, (await world.kubernetes.list(DROPLETS, {})).items);
  } finally {
    await world.close();
  }
}

async function replaceKey(
  options: GlobalOptions,
  world: World,
  droplets: readonly Droplet[],
  ssh: SshPool,
): Promise<void> {
  await rotate({
    store: sshKeysOf(world),
    makeKey,
    droplets,
    ssh,
    sshPort: world.sshPort,
    cloud: world.cloud,
    keyName: `dropfleet-${await fleetIdOf(world)}`,
    onStep: step => printLine(options, describeStep(step)),
  });
  printResult(options, { rotated: true }, () => [
    'The SSH key is replaced; the old one opens nothing any more.',
  ]);
}

function describeStep(step: RotationStep): string {
  switch (step.type) {
    case 'make':
      return 'making a new key';
    case 'authorize':
      return `${step.host}: letting the new key in`;
    case 'prove':
      return `${step.host}: logging in with the new key`;
    case 'upload':
      return 'giving the new key to DigitalOcean';
    case 'promote':
      return 'using the new key from now on';
    case 'revoke':
      return `${step.host}: letting the old key in no more`;
    case 'forget':
      return 'deleting the old key here and at DigitalOcean';
  }
}
