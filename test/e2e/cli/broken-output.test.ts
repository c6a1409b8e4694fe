import { expect } from 'chai';
import { existsSync } from 'node:fs';
import {
  openWorkplace,
  runDropfleet,
  runDropfleetInto,
  type Workplace,
} from '../../environment/dropfleet.ts';

describe('When what it says cannot be written, dropfleet', () => {
  let place: Workplace;
  before(async () => (place = await openWorkplace(['shop,1,,'])));
  after(() => place.remove());

  it('stops in order where its reader is gone, and goes on the next time', async () => {
    const { stderr, stdout } = await runDropfleetInto(place, '| head -1', 'orchestrate');
    expect(stdout.split('\n')).to.have.length(2);
    expect(stderr).to.equal(
      'dropfleet: stopped; what was begun goes on with the next "dropfleet orchestrate"\nexit code 130\n',
    );
    expect((await runDropfleet(place, 'orchestrate')).code).to.equal(0);
  });

  it('stops the daemon so, too, which leaves nothing behind that says it runs', async () => {
    const { stderr } = await runDropfleetInto(place, '| head -1', 'up');
    expect(stderr).to.equal('exit code 0\n');
    expect(existsSync(place.path('.dropfleet', 'sandbox', 'daemon.json'))).to.equal(false);
  });

  it('says so where the disk is full', async function () {
    if (!existsSync('/dev/full')) return this.skip();
    const { stderr } = await runDropfleetInto(place, '> /dev/full', 'status');
    expect(stderr).to.equal(
      'dropfleet: standard output cannot be written: the disk is full; free some space and try again\nexit code 1\n',
    );
  });
});
