import { expect } from 'chai';
import { answerFor } from '../../../../../sandbox/account/network/zone.ts';
import type { DnsRecord, DnsType } from '../../../../../sandbox/account/records/dns-records.ts';

const record = (domain: string, name: string, type: DnsType, data: string): DnsRecord => ({
  id: 1,
  domain,
  name,
  type,
  data,
  ttl: 60,
});

const RECORDS = [
  record('example.com', '@', 'A', '192.0.2.1'),
  record('example.com', 'www', 'CNAME', '@'),
  record('example.com', 'blog', 'CNAME', 'www.example.com'),
  record('example.com', 'away', 'CNAME', 'www.elsewhere.net'),
  record('example.com', 'loop', 'CNAME', 'loop.example.com'),
  record('example.com', '*.uat', 'A', '192.0.2.2'),
  record('example.com', 'fixed.uat', 'TXT', 'text'),
  record('example.com', 'a.deep', 'A', '192.0.2.3'),
  record('sub.example.com', '@', 'A', '192.0.2.4'),
];

describe('A zone of the sandbox', () => {
  const ask = (name: string, type: DnsType = 'A'): string => {
    const found = answerFor(['example.com', 'sub.example.com'], RECORDS, name, type);
    if (found === undefined) return 'refused';
    const shown = found.records.map(({ name: at, type: of, data }) => `${at} ${of} ${data}`).join(', ');
    return shown === '' ? (found.exists ? 'no data' : 'no such name') : shown;
  };

  it('answers with what it has, and refuses what is nobody’s here', () => {
    expect(ask('example.com')).to.equal('@ A 192.0.2.1');
    expect(ask('example.com', 'TXT')).to.equal('no data');
    expect(ask('nothing.example.com')).to.equal('no such name');
    expect(ask('example.org')).to.equal('refused');
    expect(ask('notexample.com')).to.equal('refused');
  });

  it('follows aliases as far as they are its own, and not for ever', () => {
    expect(ask('blog.example.com')).to.equal('blog CNAME www.example.com, www CNAME @, @ A 192.0.2.1');
    expect(ask('www.example.com', 'CNAME')).to.equal('www CNAME @');
    expect(ask('www.example.com', 'AAAA')).to.equal('www CNAME @');
    expect(ask('away.example.com')).to.equal('away CNAME www.elsewhere.net');
    expect(ask('loop.example.com').split(', ')).to.have.length(8);
  });

  it('takes a star for any name below, but for those that are there', () => {
    expect(ask('x.uat.example.com')).to.equal('x.uat A 192.0.2.2');
    expect(ask('x.y.uat.example.com')).to.equal('x.y.uat A 192.0.2.2');
    expect(ask('fixed.uat.example.com')).to.equal('no data');
    expect(ask('x.fixed.uat.example.com')).to.equal('no such name');
    expect(ask('uat.example.com')).to.equal('no data');
  });

  it('has a name that only leads to others', () => {
    expect(ask('deep.example.com')).to.equal('no data');
  });

  it('is asked before the one that it is in', () => {
    expect(ask('sub.example.com')).to.equal('@ A 192.0.2.4');
    expect(ask('www.sub.example.com')).to.equal('no such name');
  });
});
