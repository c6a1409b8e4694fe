import { aHost } from '../../../builders/hosts.ts';
import { describeBackups } from '../backup-files.ts';
import { openEmulatedWorld } from './world.ts';

describeBackups('emulated', async () => {
  const world = await openEmulatedWorld();
  return {
    hosts: world.driver,
    publicKey: world.publicKey,
    async run(address, command) {
      const host = aHost({ addresses: { ...aHost().addresses, public: address } });
      return (await world.ssh(host, [command])).stdout.trim();
    },
    end: () => world.close(),
  };
});
