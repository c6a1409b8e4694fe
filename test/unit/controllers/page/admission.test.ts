import { expect } from 'chai';
import { SecretText } from '../../../../config/secret-text.ts';
import { refusalOf } from '../../../../controllers/page/admission.ts';

const TOKEN = new SecretText('correct-horse-battery');
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

describe('Who may see the page', () => {
  const status = (
    remoteAddress: string,
    headers: Record<string, string>,
    token?: SecretText,
  ): number | undefined => refusalOf({ remoteAddress, headers }, token)?.status;

  for (const host of ['localhost', 'localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'LOCALHOST:1'])
    it(`is anybody on this machine who calls it ${host}, without a token`, () => {
      expect(status('127.0.0.1', { host }, TOKEN)).to.equal(undefined);
      expect(status('::ffff:127.0.0.1', { host })).to.equal(undefined);
      expect(status('::1', { host })).to.equal(undefined);
    });

  for (const host of ['rebound.example', 'localhost.example', '127.0.0.1.example:8080', '10.0.0.1', ''])
    it(`is nobody on this machine who was led to it under the name "${host}"`, () => {
      expect(status('127.0.0.1', { host })).to.equal(403);
    });

  for (const name of ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'])
    it(`is nobody without the token who comes through a proxy on this machine that says ${name}`, () => {
      const headers = { host: '127.0.0.1:8080', [name]: '203.0.113.9' };
      expect(status('127.0.0.1', headers)).to.equal(403);
      expect(status('127.0.0.1', headers, TOKEN)).to.equal(401);
    });

  it('is nobody on another machine where there is no token', () => {
    expect(status('203.0.113.9', { host: '198.51.100.1:8080' })).to.equal(403);
    // It says that it is this machine; what counts is where the connection comes from.
    expect(status('203.0.113.9', { host: 'localhost:8080' })).to.equal(403);
    expect(refusalOf({ remoteAddress: undefined, headers: {} }, undefined)?.message).to.contain(
      'DROPFLEET_PAGE_TOKEN',
    );
  });

  it('is whoever has the token, as a password under any name or as a bearer', () => {
    const host = '198.51.100.1:8080';
    const given = (authorization: string): number | undefined =>
      status('203.0.113.9', { host, authorization }, TOKEN);
    expect(given(basic('anna', 'correct-horse-battery'))).to.equal(undefined);
    expect(given(basic('', 'correct-horse-battery'))).to.equal(undefined);
    expect(given('Bearer correct-horse-battery')).to.equal(undefined);
    for (const wrong of [
      '',
      'Bearer',
      'Bearer correct-horse-batter',
      basic('correct-horse-battery', ''),
      'Basic %%%',
    ])
      expect(given(wrong), wrong).to.equal(401);
    expect(refusalOf({ remoteAddress: '203.0.113.9', headers: { host } }, TOKEN)?.asks).to.equal(true);
  });

  it('is no page of another site, wherever its visitor is and whatever he knows', () => {
    const headers = { host: 'localhost:8080', authorization: 'Bearer correct-horse-battery' };
    expect(status('127.0.0.1', { ...headers, origin: 'http://localhost:8080' }, TOKEN)).to.equal(undefined);
    for (const origin of ['https://evil.example', 'http://localhost:8081', 'null', 'http://127.0.0.1:8080'])
      expect(status('127.0.0.1', { ...headers, origin }, TOKEN), origin).to.equal(403);
  });
});
