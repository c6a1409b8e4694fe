/** What is known of a call to DigitalOcean that failed. */
export interface CloudFailure {
  /** The method of Cloud that was called. */
  operation: string;
  /** A sentence that a person can act on. */
  message: string;
  /** The HTTP status; none when there was no reply. */
  status?: number;
  /** DigitalOcean's word for what is wrong, such as `unprocessable_entity`. */
  id?: string;
  /** What DigitalOcean's support asks for. */
  requestId?: string;
  /** How long to wait before the next try, when the reply says so. */
  retryAfterMs?: number;
  /** The network's word for why there was no reply, such as `ECONNREFUSED`. */
  code?: string;
}

/**
 * A call to DigitalOcean failed. It holds nothing of the request but the operation's name: no header, no body,
 * no token.
 */
export class CloudError extends Error {
  override readonly name = 'CloudError';
  readonly operation: string;
  declare readonly status?: number;
  declare readonly id?: string;
  declare readonly requestId?: string;
  declare readonly retryAfterMs?: number;
  declare readonly code?: string;

  constructor(failure: CloudFailure) {
    const { operation, message, ...rest } = failure;
    super(message);
    this.operation = operation;
    Object.assign(this, rest);
  }
}

/**
 * A list of which some items cannot be read. It is no proof that anything is absent, so it fails like any other; who can
 * do with a part of it finds that here.
 */
export class UnreadableItems extends CloudError {
  /** The items that can be read. */
  readonly readable: readonly unknown[];
  /** The ids of the others; undefined for one whose id cannot be read either. */
  readonly unreadableIds: readonly unknown[];
  /** Whose the others are, in the same order; undefined for one of which that cannot be read either. */
  readonly unreadableMarks: readonly (Marks | undefined)[];

  constructor(
    failure: CloudFailure,
    readable: readonly unknown[],
    unreadable: readonly { id: unknown; marks: Marks | undefined }[],
  ) {
    super(failure);
    this.readable = readable;
    this.unreadableIds = unreadable.map(({ id }) => id);
    this.unreadableMarks = unreadable.map(({ marks }) => marks);
  }
}

/** What says whose something is, as it came: nothing of it is fit to be shown, or to be sent anywhere. */
export interface Marks {
  name: string;
  tags: readonly string[];
}

/** The codes of a call that was given up before a byte of it was sent. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** The code of a call that its caller's signal stopped. */
export const ABORTED = 'ABORTED';
/** The code of a call that its caller's signal, or that signal's guard, stopped while it waited for its turn. */
export const ABORTED_BEFORE_SENDING = 'ABORTED_BEFORE_SENDING';
/** The code of a call that was refused by something else than DigitalOcean. */
export const STRANGER = 'STRANGER';
/** The code of a call that got no reply in time. */
export const TIMED_OUT = 'TIMED_OUT';

/** A CloudError that has a reply of that status. */
type CloudErrorOf<Status extends number> = CloudError & { readonly status: Status };

export const isCloudError = (error: unknown): error is CloudError => error instanceof CloudError;

/** The token is wrong or lacks the scope (401, 403): a person must act. */
export const isUnauthorized = (error: unknown): error is CloudErrorOf<401 | 403> =>
  hasStatus(error, 401) || hasStatus(error, 403);

/** There is no such thing. Right after a create the cloud may say so of a thing that exists. */
export const isCloudNotFound = (error: unknown): error is CloudErrorOf<404> => hasStatus(error, 404);

/** The request was understood and refused (422): a limit, an invalid value, or a pending event. */
export const isUnprocessable = (error: unknown): error is CloudErrorOf<422> => hasStatus(error, 422);

/** What was asked for cannot be had: neither the token, nor the moment, nor the rate is the reason. */
export const isRefused = (error: unknown): error is CloudError & { readonly status: number } =>
  isCloudError(error) &&
  error.status !== undefined &&
  error.status >= 400 &&
  error.status < 500 &&
  ![401, 403, 404, 408, 429].includes(error.status) &&
  !isPendingEvent(error);

/** Another action is under way on the droplet: try again when it is over. Both wordings occur. */
export const isPendingEvent = (error: unknown): error is CloudErrorOf<422> =>
  isUnprocessable(error) && /pending event|blocking events/i.test(error.message);

/** An SSH key id is not known (any more, or not yet: a new key takes a while to be usable everywhere). */
export const isInvalidKey = (error: unknown): error is CloudErrorOf<422> =>
  isUnprocessable(error) && /invalid key identifiers/i.test(error.message);

/** The account may have no more droplets. */
export const isOverLimit = (error: unknown): error is CloudErrorOf<422> =>
  isUnprocessable(error) && /exceed your droplet limit/i.test(error.message);

/** A firewall of that name exists (409). */
export const isNameTaken = (error: unknown): error is CloudErrorOf<409> => hasStatus(error, 409);

/** A firewall names a tag that does not exist, or not yet everywhere. */
export const isUnknownTag = (error: unknown): error is CloudErrorOf<422> =>
  isUnprocessable(error) && /\btags?\b/i.test(error.message) && /exist|not found/i.test(error.message);

/** A rate limit is used up; `retryAfterMs` says for how long. */
export const isRateLimited = (error: unknown): error is CloudErrorOf<429> => hasStatus(error, 429);

/** No reply of DigitalOcean's came, for whatever reason but the caller's own signal. */
export const isCloudUnreachable = (error: unknown): error is CloudError & { readonly status?: never } =>
  isCloudError(error) && error.status === undefined && !isAborted(error);

/** The caller's own signal stopped the call. */
export const isAborted = (error: unknown): error is CloudError & { readonly code: string } =>
  isCloudError(error) && (error.code === ABORTED || error.code === ABORTED_BEFORE_SENDING);

/**
 * Whether a POST may have been carried out though it failed. False only where that is surely not so:
 *
 *   a reply of 4xx, in DigitalOcean's words        no
 *   never sent: connection refused, no such host   no
 *   a reply of 5xx (a gateway gave up waiting)     yes
 *   a reply that makes no sense                    yes
 *   timed out, cut off or aborted after sending    yes
 *   anything that is not a CloudError              yes
 */
export function isDoubtful(error: unknown): boolean {
  if (!isCloudError(error)) return true;
  const { status, code } = error;
  if (status !== undefined) return status < 400 || status >= 500;
  return code === undefined || !(NEVER_SENT.has(code) || code === ABORTED_BEFORE_SENDING);
}

function hasStatus<Status extends number>(error: unknown, status: Status): error is CloudErrorOf<Status> {
  return isCloudError(error) && error.status === status;
}
