import type { CampaignWorld } from './world.ts';

/** A change of the world that the operator has to follow. */
export interface Scenario {
  readonly name: string;
  /** The rows of projects.csv at first; none when the fleet begins with the scenario. */
  readonly before: readonly string[];
  /** The rows that the fleet must be equal to in the end. */
  readonly after: readonly string[];
  /** The operator makes firewalls too, and they must be right in the end. */
  readonly hasFirewalls?: true;
  /** A service answers on every web, and requests are under way to each at every moment. */
  readonly hasVisitors?: true;
  /** The gate holds what is to happen, and a person confirms it as soon as that is told, whichever operator lives. */
  readonly needsConfirmation?: true;
  /** Every so many points are tried: what takes long for each. All are, by default. */
  readonly stride?: number;
  /** The Droplet on whose server databases were before anything happens. */
  readonly holdsData?: string;
  /** What is done before the rows are written. */
  readonly happens?: (world: CampaignWorld) => Promise<unknown>;
}

const SMALL = 's-1vcpu-1gb';
const LARGE = 's-1vcpu-2gb';

export const SCENARIOS: readonly Scenario[] = [
  { name: 'a project of two servers is created', before: [], after: [`shop,2,${SMALL},${SMALL}`] },
  {
    name: 'a web is resized',
    before: [`shop,2,${SMALL},${SMALL}`],
    after: [`shop,2,${SMALL},${LARGE}`],
  },
  {
    name: 'a project is scaled down from three servers to two',
    before: [`shop,3,${SMALL},${SMALL}`],
    after: [`shop,2,${SMALL},${SMALL}`],
  },
  {
    name: "a project's row is deleted whose master holds data",
    before: [`shop,1,${SMALL},${SMALL}`, `blog,1,${SMALL},${SMALL}`],
    after: [`shop,1,${SMALL},${SMALL}`],
    holdsData: 'blog-master',
  },
  {
    name: 'a droplet is destroyed by hand',
    before: [`shop,2,${SMALL},${SMALL}`],
    after: [`shop,2,${SMALL},${SMALL}`],
    happens: world => world.destroyByHand('shop-web1'),
  },
  {
    name: 'a project is deleted in the making',
    before: [`shop,1,${SMALL},${SMALL}`],
    after: [`shop,1,${SMALL},${SMALL}`],
    happens: async world => {
      await world.writeCsv([`shop,1,${SMALL},${SMALL}`, `blog,2,${SMALL},${SMALL}`]);
      await world.created('blog-web1');
    },
  },
  {
    name: 'a project that has visitors is scaled down',
    before: [`shop,3,${SMALL},${SMALL}`],
    after: [`shop,2,${SMALL},${SMALL}`],
    hasVisitors: true,
  },
  {
    name: 'a web that has visitors is resized',
    before: [`shop,2,${SMALL},${SMALL}`],
    after: [`shop,2,${SMALL},${LARGE}`],
    hasVisitors: true,
  },
  {
    name: 'the rows of two projects are deleted, and that is confirmed',
    before: [`shop,1,${SMALL},${SMALL}`, `blog,1,${SMALL},${SMALL}`, `docs,1,${SMALL},${SMALL}`],
    after: [`shop,1,${SMALL},${SMALL}`],
    needsConfirmation: true,
  },
  {
    name: 'two projects are deleted by hand, and that is confirmed',
    before: [`shop,1,${SMALL},${SMALL}`, `blog,1,${SMALL},${SMALL}`],
    after: [`shop,1,${SMALL},${SMALL}`, `blog,1,${SMALL},${SMALL}`],
    needsConfirmation: true,
    happens: world => world.deleteByHand('shop', 'blog'),
  },
  {
    name: 'two droplets are destroyed by hand, and another two are confirmed',
    before: [`shop,3,${SMALL},${SMALL}`],
    after: [`shop,3,${SMALL},${SMALL}`],
    needsConfirmation: true,
    happens: async world => {
      await world.destroyByHand('shop-web1');
      await world.destroyByHand('shop-web2');
    },
  },
  {
    name: 'a web that a person gave up is replaced',
    before: [`shop,2,${SMALL},${SMALL}`],
    after: [`shop,2,${SMALL},${SMALL}`],
    stride: 6,
    happens: world => world.giveUp('shop-web1'),
  },
  {
    name: 'a web that fell silent is power-cycled',
    before: [`shop,3,${SMALL},${SMALL}`],
    after: [`shop,3,${SMALL},${SMALL}`],
    stride: 12,
    happens: world => world.fallSilent('shop-web1'),
  },
  {
    name: 'one project with firewalls takes the place of another',
    before: [`old,1,${SMALL},${SMALL}`],
    after: [`shop,2,${SMALL},${SMALL}`],
    hasFirewalls: true,
  },
];
