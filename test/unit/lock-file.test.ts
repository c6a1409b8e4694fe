import { readFileSync } from 'node:fs';
import { expect } from 'chai';

interface Entry {
  integrity?: string;
  resolved?: string;
}

describe('The lock file', () => {
  const text = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8');
  const { packages } = JSON.parse(text) as { packages: Record<string, Entry> };
  const installed = Object.entries(packages).filter(([path]) => path !== '');

  it('has the hash of every package, also of those that only other platforms install', () => {
    expect(installed.filter(([, { integrity }]) => !(integrity ?? '').startsWith('sha512-'))).to.deep.equal(
      [],
    );
  });

  it('leaves it to the machine which registry a package comes from', () => {
    expect(installed.filter(([, { resolved }]) => resolved !== undefined)).to.deep.equal([]);
  });
});
