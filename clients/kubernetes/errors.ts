import { printable, shortened } from '../log/printable.ts';

/** An object that breaks many rules is refused with a sentence for each. */
const LONGEST_MESSAGE = 10_000;

/** What is known about a call that failed. */
export interface FailedCall {
  method: string;
  /** The API server's URL; never carries credentials. */
  server: string;
  path: string;
}

/** The part of a metav1.Status that explains a refusal. */
export interface StatusBody {
  code?: number;
  reason?: string;
  message?: string;
  details?: { name?: string; retryAfterSeconds?: number; causes?: ({ field?: string } | null)[] };
}

interface Facts {
  code: number;
  reason: string;
  retryAfterSeconds?: number | undefined;
  cause?: unknown;
}

/** A call to the Kubernetes API that did not work out. Carries no header, so no token. */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  /** The HTTP status; 0 when no answer came that can be read. */
  readonly code: number;
  /** The Status body's reason, e.g. `AlreadyExists`; `Unreachable`, `Timeout` or `Unintelligible` with code 0. */
  readonly reason: string;
  readonly method: string;
  readonly path: string;
  /** How long the server asks to be left alone; a minute at most. */
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, call: Omit<FailedCall, 'server'>, facts: Facts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = facts.code;
    this.reason = facts.reason;
    this.method = call.method;
    this.path = call.path;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}

/** The server refused: its Status says why. */
export function refused(
  call: Omit<FailedCall, 'server'>,
  code: number,
  status: StatusBody,
  retryAfterSeconds?: number,
): KubernetesError {
  const { method, path } = call;
  const detail = printable(shortened(status.message?.trim() || `HTTP ${code}`, LONGEST_MESSAGE));
  return new KubernetesError(`${method} ${path}: ${detail}${hintFor(code, status)}`, call, {
    code,
    reason: isUidMismatch(status) ? 'Conflict' : (status.reason ?? 'Unknown'),
    retryAfterSeconds,
  });
}

/** A patch whose uid is another object's fails its precondition, but is answered as an invalid change. */
function isUidMismatch({ details }: StatusBody): boolean {
  const causes = details?.causes;
  return Array.isArray(causes) && causes.some(cause => cause?.field === 'metadata.uid');
}

/** What a person can do about it, where the server's own words do not say. */
function hintFor(code: number, status: StatusBody): string {
  // A missing object is named in the details; a kind that nobody serves is not.
  const kindIsMissing = code === 404 && status.details?.name === undefined;
  if (kindIsMissing) return '; are the CRDs installed? "kubectl apply -k deploy/" does it';
  if (code === 401) return '; the credentials in use are not valid there, or have expired';
  return '';
}

/** No answer came: the network or TLS failed. Whether a write took effect is unknown. */
export function unreachable(call: FailedCall, cause: unknown): KubernetesError {
  const message = `cannot reach the Kubernetes API at ${call.server}: ${explain(cause)}`;
  return new KubernetesError(message, call, { code: 0, reason: 'Unreachable', cause });
}

/** No answer came in time. Whether a write took effect is unknown. */
export function timedOut(call: FailedCall, waitedMs: number): KubernetesError {
  const { method, path, server } = call;
  return new KubernetesError(
    `the Kubernetes API at ${server} did not answer ${method} ${path} within ${waitedMs / 1000} s`,
    call,
    { code: 0, reason: 'Timeout' },
  );
}

/** An answer that should go on stopped without an end. */
export function fellSilent(call: FailedCall, silenceMs: number): KubernetesError {
  return new KubernetesError(
    `the Kubernetes API at ${call.server} sent nothing more of ${call.path} for ${silenceMs / 1000} s`,
    call,
    { code: 0, reason: 'Timeout' },
  );
}

/** An answer came, but not one of the Kubernetes API's. Not quoted: it may hold anything. */
export function unintelligible(call: Omit<FailedCall, 'server'>): KubernetesError {
  const message = `${call.method} ${call.path}: the answer is not JSON; is a Kubernetes API behind that URL?`;
  return new KubernetesError(message, call, { code: 0, reason: 'Unintelligible' });
}

const EXPLANATIONS: Record<string, string> = {
  ECONNREFUSED: 'connection refused; is it running?',
  ECONNRESET: 'the connection was cut; it may be restarting',
  UND_ERR_SOCKET: 'the connection was cut; it may be restarting',
  ENOTFOUND: 'its host name is unknown; is the server in the kubeconfig right?',
  EAI_AGAIN: 'its host name cannot be looked up now; is DNS working?',
  EHOSTUNREACH: 'no route to that host; is the network or VPN up?',
  ENETUNREACH: 'no route to that network; is the network or VPN up?',
  ETIMEDOUT: 'it does not answer; is a firewall in the way?',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer; is a firewall in the way?',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS; should its URL begin with http://?',
};
const WRONG_CA = "its certificate is not signed by the configured CA; is the kubeconfig another cluster's?";
const WRONG_CA_CODES = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
]);

function explain(cause: unknown): string {
  const code = codeOf(cause);
  if (WRONG_CA_CODES.has(code)) return WRONG_CA;
  if (code.startsWith('ERR_SSL_') && code.includes('ALERT')) return `it refused the TLS handshake (${code})`;
  return EXPLANATIONS[code] ?? (cause instanceof Error ? cause.message : String(cause));
}

function codeOf(cause: unknown): string {
  const code = (cause as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

const hasCode = (error: unknown, code: number): error is KubernetesError =>
  error instanceof KubernetesError && error.code === code;

/** The object, or its kind, is not there. */
export const isNotFound = (error: unknown): error is KubernetesError => hasCode(error, 404);
/** A precondition (resourceVersion or uid) no longer holds. */
export const isConflict = (error: unknown): error is KubernetesError =>
  error instanceof KubernetesError &&
  (error.reason === 'Conflict' || (error.code === 409 && error.reason !== 'AlreadyExists'));
/** An object of that name is there already. */
export const isAlreadyExists = (error: unknown): error is KubernetesError =>
  hasCode(error, 409) && error.reason === 'AlreadyExists';
/** The version to watch from, or the page to go on with, is too old: list again. */
export const isExpired = (error: unknown): error is KubernetesError => hasCode(error, 410);
/** The object breaks its schema or a rule. */
export const isInvalid = (error: unknown): error is KubernetesError =>
  hasCode(error, 422) && error.reason !== 'Conflict';
/** RBAC says no. */
export const isForbidden = (error: unknown): error is KubernetesError => hasCode(error, 403);
/** The credentials are wrong or have expired. */
export const isUnauthorized = (error: unknown): error is KubernetesError => hasCode(error, 401);
/** The server has too much to do, and did not do this. */
export const isTooManyRequests = (error: unknown): error is KubernetesError => hasCode(error, 429);
/** No answer came, or none that can be read; a write may have taken effect all the same. */
export const isUnreachable = (error: unknown): error is KubernetesError => hasCode(error, 0);
