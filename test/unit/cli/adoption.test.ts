import { expect } from 'chai';
import type { HttpCloud } from '../../../clients/digitalocean/http-client.ts';
import type { Droplet, DropletStatus } from '../../../crds/droplet.ts';
import { ADOPT_ANNOTATION } from '../../../crds/names.ts';
import type { Adoption } from '../../../reconcilers/adoption/plan.ts';
import { Waiting } from '../../../reconcilers/outcome.ts';
import { untilAdopted, withoutPurchases } from '../../../cli/world/adoption.ts';
import type { World } from '../../../cli/world/world.ts';
import { aCondition, aDroplet, activeStatus } from '../../builders/objects.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { fakeCloud } from '../../fakes/cloud.ts';
import { rejection } from '../../fakes/rejection.ts';

const adoption = (name: string, id: number): Adoption => ({
  project: 'shop',
  role: 'web',
  name,
  number: 1,
  namespace: 'default',
  server: {
    id,
    name,
    status: 'active',
    size: 's',
    region: 'nyc3',
    image: 'i',
    tags: [],
    createdAt: '2026-01-01T00:00:00Z',
  },
});

const claiming = (id: number, status?: DropletStatus): Droplet =>
  aDroplet('shop-web1', {
    metadata: { annotations: { [ADOPT_ANNOTATION]: String(id) } },
    ...(status && { status }),
  });

function start(droplet: Droplet) {
  let droplets = [droplet];
  const handlers: (() => void)[] = [];
  const clock = fakeClock();
  const stop = new AbortController();
  const adopted: string[] = [];
  const fleet = { droplets: () => droplets, onChange: (handler: () => void) => void handlers.push(handler) };
  const onAdopted = ({ name }: Adoption): void => void adopted.push(name);
  const waiting = untilAdopted(fleet, [adoption('shop-web1', 7)], onAdopted, clock, stop.signal);
  const change = (next: Droplet): void => {
    droplets = [next];
    for (const handler of handlers) handler();
  };
  return { change, clock, stop, adopted, waiting };
}

const refused = (message: string): DropletStatus => ({
  phase: 'Failed',
  conditions: [{ ...aCondition('Provisioned', 'False', 'CannotAdopt'), message }],
});

describe('The wait for servers to be taken over', () => {
  it('ends when the status names the server and the word that let it be taken over is used up', async () => {
    const { change, adopted, waiting } = start(claiming(7));
    change(claiming(7, activeStatus(7)));
    expect(adopted).to.deep.equal([]);
    change(aDroplet('shop-web1', { status: activeStatus(7) }));
    expect((await waiting).failed).to.deep.equal([]);
    expect(adopted).to.deep.equal(['shop-web1']);
  });

  it('ends with the reason of a refusal that stays', async () => {
    const { clock, waiting } = start(claiming(7, refused('cannot take over droplet 7: it is in ams3')));
    await clock.advance(5_000);
    const [failure] = (await waiting).failed;
    expect(failure!.why).to.equal('cannot take over droplet 7: it is in ams3');
  });

  it('believes no refusal of another server, nor one that passes, nor the hold of a purchase', async () => {
    const { change, clock, stop, waiting } = start(claiming(7, refused('cannot take over droplet 8: gone')));
    await clock.advance(10_000);
    change(claiming(7, refused('cannot take over droplet 7: busy')));
    await clock.advance(1_000);
    const held = [aCondition('ConfirmationRequired', 'True', 'FleetTaken')];
    change(claiming(7, { conditions: held }));
    await clock.advance(10_000);
    stop.abort();
    expect((await waiting).failed[0]!.why).to.equal('no operator has done it so far');
  });
});

describe('A world in which servers are only taken over', () => {
  it('buys, stops and destroys nothing, and does the rest', async () => {
    const cloud = fakeCloud();
    cloud.addDroplet({ id: 7 });
    const world = withoutPurchases({ cloud: cloud as unknown as HttpCloud } as World);
    for (const refused of [
      world.cloud.deleteDroplet(7),
      world.cloud.powerOffDroplet(7),
      world.cloud.createDroplet({ name: 'x', region: 'r', size: 's', image: 'i', tags: [], sshKeys: [] }),
    ])
      expect(await rejection(refused)).to.be.instanceOf(Waiting);
    expect(await world.cloud.getDroplet(7)).to.include({ id: 7 });
    expect(cloud.calls.map(({ operation }) => operation)).to.deep.equal(['getDroplet']);
  });
});
