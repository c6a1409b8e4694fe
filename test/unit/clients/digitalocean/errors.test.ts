import { expect } from 'chai';
import {
  CloudError,
  isCloudUnreachable,
  isDoubtful,
  isInvalidKey,
} from '../../../../clients/digitalocean/errors.ts';

const failed = (failure: { status?: number; code?: string; message?: string }): CloudError =>
  new CloudError({ operation: 'createDroplet', message: 'it failed', ...failure });

describe('A POST that failed', () => {
  it('was surely not carried out when it was refused or never sent', () => {
    const refusals = [400, 401, 403, 404, 409, 422, 429].map(status => failed({ status }));
    const unsent = [
      'ECONNREFUSED',
      'ENOTFOUND',
      'EAI_AGAIN',
      'UND_ERR_CONNECT_TIMEOUT',
      'ABORTED_BEFORE_SENDING',
    ];
    for (const error of [...refusals, ...unsent.map(code => failed({ code }))])
      expect(isDoubtful(error), `${error.status ?? error.code}`).to.equal(false);
  });

  it('may have been carried out in every other case, also those that nobody thought of', () => {
    const replies = [200, 202, 302, 500, 502, 503, 504].map(status => failed({ status }));
    const lost = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'TIMED_OUT', 'ABORTED', 'NEW_CODE'];
    const others = [failed({}), new TypeError('a bug'), undefined];
    for (const error of [...replies, ...lost.map(code => failed({ code })), ...others])
      expect(isDoubtful(error), String(error)).to.equal(true);
  });

  it('for a key that is not known yet is told from other refusals', () => {
    const message = '[123] are invalid key identifiers for Droplet creation.';
    expect(isInvalidKey(failed({ status: 422, message }))).to.equal(true);
    expect(isInvalidKey(failed({ status: 422 }))).to.equal(false);
    expect(isInvalidKey(failed({ message }))).to.equal(false);
  });
});

describe('A CloudError', () => {
  it('has only the fields that are known', () => {
    expect(Object.keys(failed({ status: 422 }))).to.have.members(['name', 'operation', 'status']);
  });

  it('is no sign that the cloud cannot be reached when it holds a reply or the caller stopped it', () => {
    expect(isCloudUnreachable(failed({ code: 'ECONNRESET' }))).to.equal(true);
    expect(isCloudUnreachable(failed({ status: 503 }))).to.equal(false);
    expect(isCloudUnreachable(failed({ code: 'ABORTED' }))).to.equal(false);
    expect(isCloudUnreachable(new Error('other'))).to.equal(false);
  });
});
