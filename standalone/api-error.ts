import type { Cause } from './cause.ts';

/** What metav1.StatusDetails says about the object in question. `kind` is the plural, as on a real server. */
interface ErrorDetails {
  name?: string;
  group?: string | undefined;
  kind?: string;
  causes?: Cause[];
  retryAfterSeconds?: number;
}

/** A metav1.Status. */
export const newStatus = (fields: object): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  ...fields,
});

/** A refusal that the client is told as a metav1.Status. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** The HTTP status. */
  readonly code: number;
  /** metav1.StatusReason. */
  readonly reason: string;
  readonly details: ErrorDetails | undefined;

  constructor(code: number, reason: string, message: string, details?: ErrorDetails) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  toStatus(): object {
    const { message, reason, details, code } = this;
    return newStatus({ status: 'Failure', message, reason, details, code });
  }
}

export const isApiError = (error: unknown): error is ApiError => error instanceof ApiError;

/** The part of a kind that error texts name. */
interface Named {
  group: string;
  kind: string;
  plural: string;
}

const qualified = (name: string, group: string): string => (group === '' ? name : `${name}.${group}`);

/** About one object; `says` gets its kind and name. */
const about =
  (code: number, reason: string, says: (who: string, why: string) => string) =>
  ({ group, plural }: Named, name: string, why = ''): ApiError =>
    new ApiError(code, reason, says(`${qualified(plural, group)} "${name}"`, why), {
      name,
      group: group || undefined,
      kind: plural,
    });

export const notFound = about(404, 'NotFound', who => `${who} not found`);
export const alreadyExists = about(409, 'AlreadyExists', who => `${who} already exists`);
/** A precondition does not hold. */
export const conflict = about(
  409,
  'Conflict',
  (who, why) => `Operation cannot be fulfilled on ${who}: ${why}`,
);
/** Allowed to nobody. */
export const forbidden = about(403, 'Forbidden', (who, why) => `${who} is forbidden: ${why}`);

/** The request itself makes no sense. */
export const badRequest = (message: string): ApiError => new ApiError(400, 'BadRequest', message);

/** 404 for an address. */
export const noSuchPath = (): ApiError =>
  new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});

export const methodNotAllowed = (
  message = 'the server does not allow this method on the requested resource',
): ApiError => new ApiError(405, 'MethodNotAllowed', message, {});

/** The version asked for is no longer, or not, in the journal; the client must list again. */
export const expired = (message: string): ApiError => new ApiError(410, 'Expired', message);

export const unsupportedMediaType = (message: string): ApiError =>
  new ApiError(415, 'UnsupportedMediaType', message);

export const tooManyRequests = (message: string): ApiError =>
  new ApiError(429, 'TooManyRequests', message, { retryAfterSeconds: 1 });

/** How much is shown of what is wrong with one object. */
export const MOST_ERRORS = 100;

/** 422 with the causes, or the first of very many. `kind` may be of no real kind, as in ListOptions.meta.k8s.io. */
export function invalid({ group, kind }: Omit<Named, 'plural'>, name: string, all: Cause[]): ApiError {
  const causes = all.slice(0, MOST_ERRORS);
  const texts = causes.map(({ field, message }) => `${field}: ${message}`).join(', ');
  const list = causes.length === 1 ? texts : `[${texts}]`;
  const details = { name, group: group || undefined, kind, causes };
  return new ApiError(422, 'Invalid', `${qualified(kind, group)} "${name}" is invalid: ${list}`, details);
}
