import { openEmulatedHosts } from '../../environment/emulated-hosts.ts';
import { describeHostLife } from './host-life.ts';

for (const engine of ['docker', 'podman'] as const)
  describeHostLife({
    kind: 'emulated',
    engine,
    patienceMs: 60_000,
    open: openEmulatedHosts,
    hasBadDays: engine === 'docker',
  });
