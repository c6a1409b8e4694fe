import { openDockerHosts } from '../../sandbox/hosts/docker/hosts.ts';
import type { HostSpec } from '../../sandbox/hosts/driver.ts';

// A life of docker hosts that somebody will end: makes the machine, keeps a snapshot, restarts it, for ever.
const [sandbox, text] = process.argv.slice(2) as [string, string];
const spec = JSON.parse(text) as HostSpec;
const hosts = await openDockerHosts({ sandbox, onProgress: () => undefined });
for (;;) {
  await hosts.converge(spec, new AbortController().signal);
  await hosts.takeSnapshot(spec.id, 1);
  await hosts.restart(spec, 'graceful');
}
