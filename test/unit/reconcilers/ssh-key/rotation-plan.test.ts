import { expect } from 'chai';
import { planRotation, type HostLogins } from '../../../../reconcilers/ssh-key/rotation-plan.ts';

const [OLD, NEW] = ['ssh-ed25519 AAAAold dropfleet', 'ssh-ed25519 AAAAnew dropfleet'];
const letting = (name: string, ...keys: string[]): HostLogins => ({
  name,
  authorizedKeys: keys.map(key => `${key}\n`).join(''),
});
const silent = (name: string): HostLogins => ({ name, problem: 'it is off' });

/** The steps as words. */
const plan = (...args: Parameters<typeof planRotation>): string[] =>
  planRotation(...args).map(step => ('host' in step ? `${step.type} ${step.host}` : step.type));

describe('The plan of a key rotation', () => {
  it('begins with a key that is kept before any host hears of it', () => {
    expect(plan({ current: OLD }, [letting('a', OLD)])).to.deep.equal(['make']);
  });

  it('promotes the next key when every host lets it in and it was tried on each', () => {
    const hosts = [letting('a', OLD), letting('b', OLD, NEW)];
    expect(plan({ current: OLD, next: NEW }, hosts)).to.deep.equal([
      'authorize a',
      'prove a',
      'prove b',
      'upload',
      'promote',
    ]);
  });

  it('promotes nothing while a host cannot be asked', () => {
    const hosts = [letting('a', OLD), silent('b')];
    expect(plan({ current: OLD, next: NEW }, hosts)).to.deep.equal(['authorize a']);
  });

  it('forgets the previous key when no host lets it in any more', () => {
    const hosts = [letting('a', OLD, NEW), letting('b', NEW)];
    expect(plan({ current: NEW, previous: OLD }, hosts)).to.deep.equal(['revoke a', 'forget']);
  });

  it('keeps the previous key while a host cannot be asked', () => {
    const hosts = [letting('a', OLD, NEW), silent('b')];
    expect(plan({ current: NEW, previous: OLD }, hosts)).to.deep.equal(['revoke a']);
  });

  it('never takes the last key from a host', () => {
    expect(plan({ current: NEW, previous: OLD }, [letting('a', OLD)])).not.to.include('revoke a');
  });

  it('needs no host', () => {
    expect(plan({ current: OLD, next: NEW }, [])).to.deep.equal(['upload', 'promote']);
    expect(plan({ current: NEW, previous: OLD }, [])).to.deep.equal(['forget']);
  });
});
