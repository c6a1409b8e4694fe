// What befalls a fleet, one thing after the other, and when what came of it: for `faults.ts`.
import { RECOVER_ANNOTATION } from '../../crds/names.ts';
import type { HealthFleet } from '../environment/health-fleet.ts';

/** A moment of a story; `over` is when its observers find everything well again. */
export type Moment = 'found' | 'decided' | 'replaced' | 'over';

/** What a story is told with. */
export interface Telling {
  readonly fleet: HealthFleet;
  /** It is that moment now. */
  readonly at: (moment: Moment) => void;
  /** Waits for the moment to come. */
  readonly until: (moment: Moment, condition: () => boolean) => Promise<void>;
  /** The load goes to another address from now on. */
  readonly turnLoad: () => Promise<void>;
}

/** Something that befalls a fleet, in its own words, and what has to come of it. */
export interface Story {
  readonly name: string;
  /** How many times as fast as the machine's its time goes. */
  readonly speed: number;
  play(telling: Telling): Promise<void>;
}

const SERVERS = ['master', 'web1', 'web2'];
/** As long as a partition is watched doing nothing, ms: a web would be dead after 60 s. */
const WATCHED_MS = 120_000;

/** Until a web that is dead gets requests again, and its observers are content. */
async function untilServing({ fleet, until }: Telling, name: string): Promise<void> {
  await until('found', () => fleet.health(name)?.status === 'False');
  await until('decided', () => fleet.droplet(name).status?.recovery !== undefined);
  await until('replaced', () => fleet.serves(name));
  await until('over', () => fleet.health(name)?.reason === 'Recovered' && fleet.serves(name));
}

/** Where all of a project is well but for what a story does to it. The order keeps to its budget of recoveries. */
export const STORIES: readonly Story[] = [
  {
    name: 'a web crashes; a power cycle brings it back',
    speed: 1,
    async play(telling) {
      await telling.fleet.fault('web1', { type: 'crash' });
      await untilServing(telling, 'web1');
    },
  },
  {
    name: 'a web freezes; a power cycle brings it back',
    speed: 1,
    async play(telling) {
      await telling.fleet.fault('web2', { type: 'freeze' });
      await untilServing(telling, 'web2');
    },
  },
  {
    name: 'the network between master and a web is cut for 2 minutes',
    speed: 1,
    async play({ fleet, until }) {
      await fleet.fault('web2', { type: 'cut', peer: fleet.idOf('master') });
      await until('found', () => fleet.health('web2')?.reason === 'Suspected');
      await fleet.pass(WATCHED_MS);
      await fleet.heal('web2');
      await until('over', () => SERVERS.every(name => fleet.health(name)?.reason !== 'Suspected'));
    },
  },
  {
    name: 'the operator and its monitor lose all servers at once',
    speed: 2,
    async play({ fleet, until, at }) {
      const mails = fleet.told().length;
      await Promise.all(SERVERS.map(name => fleet.fault(name, { type: 'cut', peer: 'operator' })));
      await until('found', () => SERVERS.some(name => !isReady(fleet, name)));
      const isTold = (): boolean =>
        fleet
          .told()
          .slice(mails)
          .some(subject => /failure/i.test(subject));
      while (!isTold()) await fleet.pass(1_000);
      at('decided');
      await Promise.all(SERVERS.map(name => fleet.heal(name)));
      await until('over', () => SERVERS.every(name => isReady(fleet, name)));
    },
  },
  {
    name: 'the master dies; a person approves at once',
    speed: 1,
    async play({ fleet, until, at, turnLoad }) {
      const id = fleet.idOf('master');
      await fleet.fault('master', { type: 'crash' });
      await until('found', () => fleet.health('master')?.status === 'False');
      await until('decided', () => fleet.health('master')?.reason === 'ApprovalNeeded');
      await fleet.world.kubectl.succeed('annotate', 'droplet', 'shop-master', `${RECOVER_ANNOTATION}=${id}`);
      await until('replaced', () => {
        const { server } = fleet.droplet('master').status ?? {};
        const isAnother = server?.id !== undefined && server.id !== id && isReady(fleet, 'master');
        return isAnother && fleet.serves('web1') && fleet.serves('web2');
      });
      await turnLoad();
      await until('over', () => fleet.health('master')?.reason === 'Recovered');
      // Its services are started anew after it is well, the database last.
      while (
        !(await fleet.rows().then(
          () => true,
          () => false,
        ))
      )
        await fleet.pass(500);
      at('over');
    },
  },
];

/** For a fleet of its own, as its recoveries are two. */
export const LAST_STORY: Story = {
  name: "a web's network is cut; a power cycle does not help",
  speed: 1,
  async play(telling) {
    const { fleet } = telling;
    const id = fleet.idOf('web1');
    await fleet.fault('web1', { type: 'cut' });
    await telling.until('found', () => fleet.health('web1')?.status === 'False');
    await telling.until('decided', () => fleet.droplet('web1').status?.recovery !== undefined);
    await telling.until(
      'replaced',
      () => fleet.droplet('web1').status?.server?.id !== id && fleet.serves('web1'),
    );
    await telling.until('over', () => fleet.health('web1')?.reason === 'Recovered' && fleet.serves('web1'));
  },
};

const isReady = (fleet: HealthFleet, name: string): boolean =>
  fleet.droplet(name).status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ??
  false;
