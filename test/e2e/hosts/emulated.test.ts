import { openEmulatedHosts } from '../../environment/emulated-hosts.ts';
import { itHasBadDays } from './bad-days.ts';
import { describeHostLife } from './host-life.ts';

const HOSTS = { kind: 'emulated', patienceMs: 150_000, open: openEmulatedHosts };

describeHostLife({ ...HOSTS, engine: 'docker', badDays: itHasBadDays });
describeHostLife({ ...HOSTS, engine: 'podman' });
