import { expect } from 'chai';
import {
  isAlreadyExists,
  isConflict,
  isForbidden,
  isInvalid,
  refused,
  unreachable,
} from '../../../../clients/kubernetes/errors.ts';

const CALL = { method: 'PATCH', path: '/apis/x/things/a', server: 'https://a.example' };

describe('A KubernetesError', () => {
  it('is a conflict for a lost precondition, whichever way the server puts it', () => {
    const stale = refused(CALL, 409, { reason: 'Conflict' });
    const causes = [{ field: 'metadata.uid' }];
    const otherUid = refused(CALL, 422, { reason: 'Invalid', details: { name: 'a', causes } });
    expect([stale, otherUid].map(isConflict)).to.deep.equal([true, true]);
    expect([stale, otherUid].map(isInvalid)).to.deep.equal([false, false]);
  });

  it('tells a taken name from a conflict', () => {
    const taken = refused(CALL, 409, { reason: 'AlreadyExists' });
    expect([isAlreadyExists(taken), isConflict(taken)]).to.deep.equal([true, false]);
  });

  it('is of no kind when it is another error', () => {
    const predicates = [isAlreadyExists, isConflict, isForbidden, isInvalid];
    const strangers = [new Error('x'), { code: 409, reason: 'Conflict' }, undefined, 'Conflict'];
    expect(strangers.flatMap(stranger => predicates.map(is => is(stranger)))).not.to.include(true);
  });

  it("has the server's words, or the status when it has none", () => {
    const message = 'things "a" is forbidden: User "ada" cannot patch resource "things"';
    expect(refused(CALL, 403, { message }).message).to.equal(`PATCH /apis/x/things/a: ${message}`);
    expect(refused(CALL, 502, {}).message).to.equal('PATCH /apis/x/things/a: HTTP 502');
  });

  it('asks for the CRDs when a kind is missing, and not when an object is', () => {
    const kind = refused(CALL, 404, { message: 'the server could not find the requested resource' });
    const object = refused(CALL, 404, { message: 'things "a" not found', details: { name: 'a' } });
    expect(kind.message).to.match(/; are the CRDs installed\? "kubectl apply -k deploy\/" does it$/);
    expect(object.message).to.match(/not found$/);
  });

  it('explains what went wrong on the way', () => {
    const explain = (code: string): string =>
      unreachable(CALL, Object.assign(new Error(`raw ${code}`), { code })).message;
    expect(explain('ENOTFOUND')).to.equal(
      'cannot reach the Kubernetes API at https://a.example: its host name is unknown; is the server in the kubeconfig right?',
    );
    expect(explain('SELF_SIGNED_CERT_IN_CHAIN')).to.include('not signed by the configured CA');
    expect(explain('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED')).to.include('refused the TLS handshake');
    expect(explain('EWHATEVER')).to.match(/: raw EWHATEVER$/);
  });
});
