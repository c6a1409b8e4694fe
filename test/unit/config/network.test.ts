import { expect } from 'chai';
import { canonicalNetwork, isInNetwork, isPrivateNetwork } from '../../../config/network.ts';

describe('A network', () => {
  it('has one spelling', () => {
    for (const [text, canonical] of [
      ['203.0.113.7', '203.0.113.7'],
      ['203.0.113.7/32', '203.0.113.7'],
      ['203.0.113.7/24', '203.0.113.0/24'],
      ['255.255.255.255/1', '128.0.0.0/1'],
      ['2001:DB8:0:0::7', '2001:db8::7'],
      ['2001:db8::7/128', '2001:db8::7'],
      ['2001:DB8::/32', '2001:db8::/32'],
      ['nonsense', 'nonsense'],
    ] as const)
      expect(canonicalNetwork(text), text).to.equal(canonical);
  });

  it('holds the addresses that begin as it does', () => {
    expect(isInNetwork('203.0.113.255', '203.0.113.0/24')).to.equal(true);
    expect(isInNetwork('203.0.114.0', '203.0.113.0/24')).to.equal(false);
    expect(isInNetwork('203.0.113.7', '203.0.113.7')).to.equal(true);
    expect(isInNetwork('2001:db8::7', '2001:DB8::7')).to.equal(true);
    expect(isInNetwork('2001:db8::7', '2001:db8::/64')).to.equal(true);
    expect(isInNetwork('2001:db8:0:1::7', '2001:db8::/64')).to.equal(false);
    expect(isInNetwork('203.0.113.7', '::/0')).to.equal(false);
    expect(isInNetwork('nonsense', '0.0.0.0/0')).to.equal(false);
    expect(isInNetwork('203.0.113.7', 'nonsense')).to.equal(false);
  });

  it('is private when the internet does not carry it', () => {
    for (const text of [
      '10.1.2.3',
      '172.16.0.0/12',
      '172.31.255.255',
      '192.168.1.1',
      '127.0.0.1',
      '169.254.1.1',
      '100.64.0.1',
      '0.0.0.0',
      '::1',
      'fe80::1',
      'fd00::/8',
    ])
      expect(isPrivateNetwork(text), text).to.equal(true);
    for (const text of [
      '172.32.0.1',
      '11.0.0.0/8',
      '203.0.113.7',
      '100.128.0.1',
      '2001:db8::1',
      'fec::1',
      'fc::1',
    ])
      expect(isPrivateNetwork(text), text).to.equal(false);
  });
});
