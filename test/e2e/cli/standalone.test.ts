import { expect } from 'chai';
import { openWorkplace, runDropfleet, startDropfleet, type Workplace } from '../../environment/dropfleet.ts';

describe('dropfleet standalone', () => {
  let place: Workplace;
  beforeEach(async () => (place = await openWorkplace()));
  afterEach(() => place.remove());

  it('is backed up while it runs, and restored once it does not', async () => {
    const server = startDropfleet(place, 'standalone', '--port', '0');
    await server.says(/^Kubernetes API at /m);
    const backup = await runDropfleet(place, 'standalone', 'backup', 'monday.db');
    expect(backup.stdout).to.equal('Backed up to monday.db. It holds Secrets: keep it as safe as them.\n');
    const early = await runDropfleet(place, 'standalone', 'restore', 'monday.db');
    expect(early.code).to.equal(1);
    expect(early.stderr).to.match(/^dropfleet: .* is in use by another dropfleet \(pid \d+\): stop that one/);
    await server.stop();
    const restored = await runDropfleet(place, 'standalone', 'restore', 'monday.db', '--output', 'json');
    expect(restored.stderr).to.equal('');
    expect(JSON.parse(restored.stdout)).to.have.property('kept').that.contains('before-restore-');
  });

  it('refuses a file that is no backup in one sentence', async () => {
    const { code, stderr } = await runDropfleet(place, 'standalone', 'restore', 'none.db');
    expect(code).to.equal(1);
    expect(stderr).to.match(/^dropfleet: none\.db cannot be restored: ENOENT.*\n$/);
  });
});
