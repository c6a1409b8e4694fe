import { openEmulatedHosts } from '../../environment/emulated-hosts.ts';
import { itHasBadDays } from './bad-days.ts';
import { describeHostLife } from './host-life.ts';
import { itTakesSnapshots } from './snapshots.ts';

const HOSTS = { kind: 'emulated', patienceMs: 150_000, open: openEmulatedHosts };

const badDays = (life: Parameters<typeof itHasBadDays>[0]): void => {
  itTakesSnapshots(life);
  itHasBadDays(life);
};

describeHostLife({ ...HOSTS, engine: 'docker', badDays });
describeHostLife({ ...HOSTS, engine: 'podman' });
