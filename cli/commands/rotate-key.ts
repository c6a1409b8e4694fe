import { systemClock } from '../../clients/clock.ts';
import { DROPLETS } from '../../clients/kubernetes/kinds.ts';
import { createSshPool } from '../../clients/ssh/pool.ts';
import { rotateKey as rotate } from '../../reconcilers/ssh-key/rotate.ts';
import type { RotationStep } from '../../reconcilers/ssh-key/rotation-plan.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../options.ts';
import { printResult, say } from '../output.ts';
import { isOperatorRunning } from '../world/operator.ts';
import { makeKey } from '../world/ssh-key.ts';
import { fleetIdOf, openWorld, sshKeysOf } from '../world/world.ts';

/** Replaces the fleet's SSH key on every host and at the cloud; goes on where an earlier call was cut off. */
export async function rotateKey(options: GlobalOptions): Promise<void> {
  const world = await openWorld(options);
  const ssh = createSshPool({ clock: systemClock, random: Math.random });
  try {
    if (await isOperatorRunning(world))
      throw new CommandFailure(
        'an operator is at work, which knows the present SSH key only: stop it first (Ctrl-C in "dropfleet up", or scale its Deployment to 0), and start it again afterwards; services go on meanwhile',
      );
    const { items: droplets } = await world.kubernetes.list(DROPLETS, {});
    await rotate({
      store: sshKeysOf(world),
      makeKey,
      droplets,
      ssh,
      sshPort: world.sshPort,
      cloud: world.cloud,
      keyName: `dropfleet-${await fleetIdOf(world)}`,
      onStep: step => say(options, describeStep(step)),
    });
    printResult(options, { rotated: true }, () => [
      'The SSH key is replaced; the old one opens nothing any more.',
    ]);
  } finally {
    ssh.close();
    await world.close();
  }
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
