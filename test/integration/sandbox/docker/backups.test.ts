import { openDockerDroplets } from '../../../environment/docker-droplets.ts';
import { describeBackups } from '../backup-files.ts';

describeBackups('docker', async () => {
  const droplets = await openDockerDroplets();
  const spec = droplets.spec(1);
  return {
    hosts: droplets.hosts,
    publicKey: spec.authorizedKeys[0]!,
    run: (address, command) =>
      droplets.ssh({ ...spec, addresses: { ...spec.addresses, public: address } }, command),
    end: () => droplets.end(),
  };
});
