import { expect } from 'chai';
import { quoteCommand } from '../../../clients/ssh/quote.ts';
import { renderEnvironment } from '../../../reconcilers/service/render.ts';
import { ENVIRONMENT } from '../../../reconcilers/service/scripts.ts';
import { aHost } from '../../builders/hosts.ts';
import { openEmulatedWorld, type EmulatedWorld } from '../sandbox/emulated/world.ts';

/** Prints its arguments, and the variables that it is to hand on. */
const ENGINE = `
engine() {
  printf '[%s]' "$@"
  printf '|%s' "$KEY" "$SPACES" "$lower"
  printf '|'
  cat "$3"
}
`;

describe('The environment of a container on an emulated host', () => {
  let world: EmulatedWorld;
  beforeEach(async () => {
    world = await openEmulatedWorld();
  });
  afterEach(() => world.close());

  it('is as on a real one', async () => {
    const host = aHost({ authorizedKeys: [world.publicKey] });
    await world.driver.converge(host, new AbortController().signal);
    const rendered = renderEnvironment([
      ['KEY', 'a\nb\n'],
      ['SPACES', '  "a" # $b '],
      ['PATH', '/bin'],
      ['lower', ''],
    ]);
    const script = `${ENGINE}${ENVIRONMENT.text}\nrun_with_environment "$@"`;
    const command = quoteCommand(['sh', '-c', script, 'test', '/run/environment', 'engine', '-d', 'image']);
    expect(await world.ssh(host, [command], rendered.reveal())).to.deep.equal({
      code: 0,
      stdout:
        '[run][--env-file][/run/environment][-e][KEY][-e][SPACES][-e][lower][-d][image]|a\nb\n|  "a" # $b ||PATH=/bin\n',
      stderr: '',
    });
  });
});
