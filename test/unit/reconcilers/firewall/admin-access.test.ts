import { expect } from 'chai';
import type { ConfigMap } from '../../../../clients/kubernetes/kinds.ts';
import { createAdminAccess } from '../../../../reconcilers/firewall/admin-access.ts';
import type { AdminSettings } from '../../../../reconcilers/firewall/sources.ts';
import { fakeClock } from '../../../fakes/clock.ts';

const OPERATOR = '203.0.113.50';
const signal = new AbortController().signal;

function start(settings: Partial<AdminSettings> = {}, data?: Record<string, string>) {
  const clock = fakeClock();
  const metadata = { name: 'dropfleet-admin-access' };
  const configMap: ConfigMap | undefined = data && { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
  const operator = { asked: 0, address: OPERATOR as string | Error };
  const access = createAdminAccess({
    settings: { additionalIps: [], ...settings },
    operatorAddress: () => {
      operator.asked++;
      const { address } = operator;
      return address instanceof Error ? Promise.reject(address) : Promise.resolve(address);
    },
    override: () => configMap,
    clock,
    maxAgeMs: 300_000,
    retryMs: 30_000,
  });
  const sources = async () => {
    const found = await access(signal);
    return found.isKnown ? found.sources : found.problem;
  };
  return { clock, operator, sources };
}

describe('Whom SSH lets in', () => {
  it('is the operator itself where nothing else is said', async () => {
    expect(await start().sources()).to.deep.equal([OPERATOR]);
  });

  it('is the admin, the others, and the operator always', async () => {
    const { sources } = start({ adminIp: '198.51.100.7/32', additionalIps: ['2001:DB8::0/32', OPERATOR] });
    expect(await sources()).to.deep.equal(['198.51.100.7', '2001:db8::/32', OPERATOR]);
  });

  it('is not known as long as the operator does not know its own address, and then says why', async () => {
    const world = start({ adminIp: '198.51.100.7' });
    world.operator.address = new Error('set DROPFLEET_OPERATOR_IP');
    expect(await world.sources()).to.equal('set DROPFLEET_OPERATOR_IP');
    await world.clock.advance(29_999);
    await world.sources();
    expect(world.operator.asked).to.equal(1);
    world.operator.address = OPERATOR;
    await world.clock.advance(1);
    expect(await world.sources()).to.deep.equal(['198.51.100.7', OPERATOR]);
  });

  it('follows the operator to another address, and stays when that is not to be found out', async () => {
    const world = start();
    await world.sources();
    world.operator.address = '203.0.113.51';
    await world.clock.advance(299_999);
    expect(await world.sources()).to.deep.equal([OPERATOR]);
    await world.clock.advance(1);
    expect(await world.sources()).to.deep.equal(['203.0.113.51']);
    world.operator.address = new Error('no');
    await world.clock.advance(300_000);
    expect(await world.sources()).to.deep.equal(['203.0.113.51']);
  });

  it('asks once for all who want to know', async () => {
    const world = start();
    await Promise.all([world.sources(), world.sources()]);
    expect(world.operator.asked).to.equal(1);
  });

  it('is as update-ip says, as long as the operator has the ADMIN_IP that was replaced', async () => {
    const data = { adminIp: '198.51.100.8', replaces: '198.51.100.7' };
    expect(await start({ adminIp: '198.51.100.7' }, data).sources()).to.deep.equal([
      '198.51.100.8',
      OPERATOR,
    ]);
    expect(await start({ adminIp: '198.51.100.9' }, data).sources()).to.deep.equal([
      '198.51.100.9',
      OPERATOR,
    ]);
    const always = { ...data, replaces: '*' };
    expect(await start({ adminIp: '198.51.100.9' }, always).sources()).to.deep.equal([
      '198.51.100.8',
      OPERATOR,
    ]);
    const first = { adminIp: '198.51.100.8', replaces: '' };
    expect(await start({}, first).sources()).to.deep.equal(['198.51.100.8', OPERATOR]);
  });

  it('is an address besides while that is being proved, and no longer', async () => {
    const until = new Date(fakeClock().now() + 60_000).toISOString();
    const world = start({}, { candidate: '198.51.100.8', candidateUntil: until });
    expect(await world.sources()).to.deep.equal(['198.51.100.8', OPERATOR]);
    await world.clock.advance(60_000);
    expect(await world.sources()).to.deep.equal([OPERATOR]);
  });

  it('is nobody new by a ConfigMap that makes no sense', async () => {
    const world = start({}, { candidate: '198.51.100.8', candidateUntil: 'soon' });
    expect(await world.sources()).to.deep.equal([OPERATOR]);
  });

  it('is not cut short when there are too many', async () => {
    const additionalIps = Array.from({ length: 1_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    expect(await start({ additionalIps }).sources()).to.match(/^ADDITIONAL_IPS has too many/);
  });
});
