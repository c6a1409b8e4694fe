import { cp, readdir, rm } from 'node:fs/promises';
import { expect } from 'chai';
import { openWorkplace, runDropfleet, startDropfleet, type Workplace } from '../../environment/dropfleet.ts';

const FAST = ['--boot-delay', '200ms'];

// One bad day: each step finds what the ones before it left.
describe('A fleet that lost its SSH key', () => {
  let place: Workplace;
  const keys = () => place.path('.dropfleet', 'sandbox', 'ssh');
  const backup = () => place.path('backup');
  const clouds = async (): Promise<string[]> => {
    const daemon = startDropfleet(place, 'sandbox', '--hosts', 'emulated', ...FAST);
    const [, url] = await daemon.says(/^DigitalOcean sandbox at (\S+)\. /m);
    const reply = await fetch(`${url}/v2/droplets`, { headers: { authorization: 'Bearer any' } });
    const { droplets } = (await reply.json()) as { droplets: { id: number }[] };
    const { ssh_keys: sshKeys } = (await (
      await fetch(`${url}/v2/account/keys`, { headers: { authorization: 'Bearer any' } })
    ).json()) as { ssh_keys: { fingerprint: string }[] };
    await daemon.stop();
    return [...droplets.map(({ id }) => `${id}`), ...sshKeys.map(({ fingerprint }) => fingerprint)];
  };
  let inCloud: string[];

  before(async () => {
    place = await openWorkplace(['blog,2,,']);
    const daemon = startDropfleet(place, 'up', ...FAST);
    await daemon.says(/^2 of 2 droplets Ready, /m);
    await daemon.stop();
    inCloud = await clouds();
    await cp(keys(), backup(), { recursive: true });
    await rm(keys(), { recursive: true });
  });
  after(() => place.remove());

  it('is not started, and nothing is made in its place', async () => {
    const { code, stdout, stderr } = await runDropfleet(place, 'up', ...FAST);
    expect(stderr).to.match(
      /^dropfleet: the fleet's SSH key SHA256:\S+ is missing: the file \S+ is gone; .*\n$/,
    );
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
    expect(await readdir(place.path('.dropfleet', 'sandbox'))).to.not.include('ssh');
    expect(await clouds()).to.deep.equal(inCloud);
  });

  it('gets no key from init either', async () => {
    const { code, stderr } = await runDropfleet(place, 'init');
    expect(stderr).to.match(/^dropfleet: the fleet's SSH key SHA256:\S+ is missing: /);
    expect(code).to.equal(1);
    expect(await readdir(place.path('.dropfleet', 'sandbox'))).to.not.include('ssh');
  });

  it('goes on with the key that was put back', async () => {
    await cp(backup(), keys(), { recursive: true });
    const daemon = startDropfleet(place, 'up', ...FAST);
    await daemon.says(/^2 of 2 droplets Ready, /m);
    await daemon.stop();
    expect(await clouds()).to.deep.equal(inCloud);
  });

  it('has another key once the loss is accepted, with what to do on each host', async () => {
    await rm(keys(), { recursive: true });
    const { code, stdout, stderr } = await runDropfleet(place, 'init', '--rotate-key', '--accept-loss');
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(stdout)
      .to.match(/^ {2}default\/blog-web1 {2}[\d.]+$/m)
      .and.to.match(/^ssh-ed25519 \S+ dropfleet$/m);
    const again = await runDropfleet(place, 'init', '--rotate-key', '--accept-loss');
    expect(again.stderr).to.include('no SSH key is lost: the file');
    const daemon = startDropfleet(place, 'up', ...FAST);
    await daemon.says(/^Projects /m);
    await daemon.stop();
  });
});
