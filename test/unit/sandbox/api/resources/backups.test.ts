import { expect } from 'chai';
import { nextWindow } from '../../../../../sandbox/account/actions/backups.ts';
import {
  TEST_BOOT_MS,
  TEST_START,
  dropletBody,
  startTestSandbox,
  type TestReply,
  type TestSandbox,
} from '../../../../builders/sandbox.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe("the sandbox's backups", () => {
  let test: TestSandbox;
  beforeEach(async () => {
    test = await startTestSandbox();
  });
  afterEach(() => test.sandbox.close());

  const act = (id: number, body: object): Promise<TestReply> =>
    test.send('POST', `/v2/droplets/${id}/actions`, body);
  const backups = async (id: number): Promise<{ id: number; created_at: string }[]> =>
    (await test.read(`/v2/droplets/${id}/backups?per_page=100`)).backups;

  /** A droplet with daily backups at 04:00. */
  const backedUp = (): Promise<number> =>
    test.droplet({ backups: true, backup_policy: { plan: 'daily', hour: 4 } });

  it('begin with the next window of their plan', () => {
    // The first of January 2026 is a Thursday.
    expect(nextWindow({ plan: 'daily', hour: 4 }, TEST_START)).to.equal(TEST_START + 4 * HOUR);
    expect(nextWindow({ plan: 'daily', hour: 0 }, TEST_START)).to.equal(TEST_START + DAY);
    expect(nextWindow({ plan: 'weekly', weekday: 'SUN', hour: 20 }, TEST_START)).to.equal(
      TEST_START + 3 * DAY + 20 * HOUR,
    );
  });

  it('are taken at their hour and announced before', async () => {
    const id = await backedUp();
    const { droplet } = await test.read(`/v2/droplets/${id}`);
    expect(droplet.next_backup_window).to.deep.equal({
      start: '2026-01-01T04:00:00Z',
      end: '2026-01-01T08:00:00Z',
    });
    expect(await backups(id)).to.deep.equal([]);
    test.pass(4 * HOUR);
    const taken = await backups(id);
    expect(taken.map(backup => backup.created_at)).to.deep.equal(['2026-01-01T04:00:00Z']);
    expect((await test.read(`/v2/droplets/${id}`)).droplet.backup_ids).to.deep.equal([taken[0]!.id]);
    expect((await test.read('/v2/snapshots')).snapshots).to.deep.equal([]);
  });

  it('are kept as long as their plan says, however late somebody looks', async () => {
    const id = await backedUp();
    test.pass(30 * DAY);
    const taken = await backups(id);
    expect(taken).to.have.length(7);
    expect(taken.at(-1)!.created_at).to.equal('2026-01-30T04:00:00Z');
    test.pass(2 * DAY);
    expect((await backups(id))[0]!.created_at).to.equal('2026-01-26T04:00:00Z');
  });

  it('are what alone a droplet is restored from, and only its own', async () => {
    const [id, other] = [await backedUp(), await backedUp()];
    test.pass(DAY);
    const [backup] = await backups(id);
    expect((await act(other, { type: 'restore', image: backup!.id })).status).to.equal(422);
    await act(id, { type: 'restore', image: backup!.id });
    test.pass(TEST_BOOT_MS);
    expect((await test.read(`/v2/droplets/${id}`)).droplet.image).to.include({
      id: backup!.id,
      type: 'backup',
    });
  });

  it('change their plan, stop, and go with their droplet', async () => {
    const id = await backedUp();
    await act(id, {
      type: 'change_backup_policy',
      backup_policy: { plan: 'weekly', weekday: 'MON', hour: 8 },
    });
    test.pass(TEST_BOOT_MS);
    expect((await test.read(`/v2/droplets/${id}/backups/policy`)).policy).to.deep.include({
      backup_enabled: true,
      next_backup_window: { start: '2026-01-05T08:00:00Z', end: '2026-01-05T12:00:00Z' },
    });
    test.pass(7 * DAY);
    await act(id, { type: 'disable_backups' });
    test.pass(30 * DAY);
    expect((await test.read(`/v2/droplets/${id}/backups/policy`)).policy.backup_enabled).to.equal(false);
    const [backup] = await backups(id);
    await test.send('DELETE', `/v2/droplets/${id}`);
    expect((await test.send('GET', `/v2/images/${backup!.id}`)).status).to.equal(404);
  });

  it('become snapshots that stay', async () => {
    const id = await backedUp();
    test.pass(DAY);
    const [backup] = await backups(id);
    const convert = await test.send('POST', `/v2/images/${backup!.id}/actions`, { type: 'convert' });
    expect(convert.status).to.equal(201);
    test.pass(TEST_BOOT_MS);
    await test.send('DELETE', `/v2/droplets/${id}`);
    expect((await test.read(`/v2/images/${backup!.id}`)).image.type).to.equal('snapshot');
  });

  for (const policy of [{ plan: 'hourly' }, { hour: 5 }, { weekday: 'Sunday' }, { hour: '4' }, 'daily', []])
    it(`are refused with the policy ${JSON.stringify(policy)}`, async () => {
      const body = dropletBody({ backups: true, backup_policy: policy });
      expect((await test.send('POST', '/v2/droplets', body)).status).to.equal(422);
    });
});
