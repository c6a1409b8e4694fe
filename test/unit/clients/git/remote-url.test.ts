import { expect } from 'chai';
import { GitError } from '../../../../clients/git/errors.ts';
import { gitFailure } from '../../../../clients/git/failures.ts';
import { expectRemoteUrl } from '../../../../clients/git/remote-url.ts';

describe('the address of a repository', () => {
  it('may be of any kind that git knows by itself', () => {
    const urls = [
      'https://github.com/ada/shop.git',
      'http://127.0.0.1:8080/shop.git',
      'https://ada@dev.example.com/shop',
      'ssh://git@github.com:22/ada/shop.git',
      'git@github.com:ada/shop.git',
      'git://127.0.0.1/shop',
      'file:///srv/shop.git',
      '/srv/shop.git',
    ];
    for (const url of urls) expect(expectRemoteUrl(url)).to.equal(url);
    expect(expectRemoteUrl('./shop')).to.equal(`${process.cwd()}/shop`);
  });

  it('is never an option, a program to run, or a password', () => {
    const urls = [
      '',
      '-u',
      '--upload-pack=touch /tmp/x',
      'ext::sh -c touch% /tmp/x',
      'fd::7',
      'EXT::sh',
      'ftp://example.com/shop',
      'ssh://-oProxyCommand=touch/x',
      'ssh://git@-oProxyCommand=touch/x',
      '-oProxyCommand=touch:x',
      'git@-oProxyCommand=touch:x',
      'https:///shop',
      'https://ada:hunter2@example.com/shop',
      'https://example.com/\nshop',
    ];
    for (const url of urls)
      expect(() => expectRemoteUrl(url), url)
        .to.throw(GitError)
        .with.property('reason', 'InvalidUrl');
  });

  it('is shown without the password in it', () => {
    expect(() => expectRemoteUrl('https://ada:hunter2@example.com/shop'))
      .to.throw(/password/)
      .with.property('message')
      .not.contains('hunter2');
  });
});

describe('why git failed', () => {
  const reasonOf = (said: string): string => gitFailure('fetch', 'https://example.com/shop', said).reason;

  it('is told by what git, ssh and curl say', () => {
    const cases: [string, string][] = [
      [
        "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
        'CredentialsNeeded',
      ],
      [
        'git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.',
        'CredentialsNeeded',
      ],
      ["fatal: unable to access 'https://x/': The requested URL returned error: 403", 'CredentialsNeeded'],
      ['Host key verification failed.\nfatal: Could not read from remote repository.', 'UnknownHostKey'],
      ['ERROR: Repository not found.\nfatal: Could not read from remote repository.', 'RepositoryNotFound'],
      ["fatal: '/srv/x' does not appear to be a git repository", 'RepositoryNotFound'],
      ["fatal: unable to access 'https://x/': Could not resolve host: x", 'Unreachable'],
      ['ssh: connect to host x port 22: Connection refused\nfatal: Could not read', 'Unreachable'],
      ["fatal: detected dubious ownership in repository at '/srv/x'", 'ForeignOwner'],
      ['fatal: bad object', 'Failed'],
    ];
    for (const [said, reason] of cases) expect(reasonOf(said), said).to.equal(reason);
  });

  it('shows no credentials of an address, wherever they stand', () => {
    const said = "fatal: unable to access 'https://ada:hunter2@example.com/shop/': bad";
    const { message } = gitFailure('fetch', 'https://ada:hunter2@example.com/shop', said);
    expect(message).not.to.contain('hunter2');
    expect(message).to.contain('https://example.com/shop');
  });
});
