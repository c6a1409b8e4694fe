/** One reason why an object is invalid, as metav1.StatusCause. */
export interface Cause {
  reason: string;
  message: string;
  field: string;
}

/** What metav1.StatusDetails says about the object in question. `kind` is the plural, as on a real server. */
export interface ErrorDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: Cause[];
  retryAfterSeconds?: number;
}

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
}

export const isApiError = (error: unknown): error is ApiError => error instanceof ApiError;

/** The part of a kind that error texts name. */
interface Named {
  group: string;
  kind: string;
  plural: string;
}

/** An error about one object, whose message begins with its name. */
function about(
  kind: Named,
  name: string,
  code: number,
  reason: string,
  says: (who: string) => string,
): ApiError {
  const resource = kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
  const group = kind.group === '' ? {} : { group: kind.group };
  return new ApiError(code, reason, says(`${resource} "${name}"`), { name, ...group, kind: kind.plural });
}

/** 400: the request itself makes no sense. */
export const badRequest = (message: string): ApiError => new ApiError(400, 'BadRequest', message);

/** 404 for an object. */
export const notFound = (kind: Named, name: string): ApiError =>
  about(kind, name, 404, 'NotFound', who => `${who} not found`);

/** 404 for an address. */
export const noSuchPath = (): ApiError =>
  new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});

/** 405, with words where plain refusal would puzzle. */
export const methodNotAllowed = (
  message = 'the server does not allow this method on the requested resource',
): ApiError => new ApiError(405, 'MethodNotAllowed', message, {});

/** 409 for a name that is taken. */
export const alreadyExists = (kind: Named, name: string): ApiError =>
  about(kind, name, 409, 'AlreadyExists', who => `${who} already exists`);

/** 409 for a precondition that does not hold. */
export const conflict = (kind: Named, name: string, why: string): ApiError =>
  about(kind, name, 409, 'Conflict', who => `Operation cannot be fulfilled on ${who}: ${why}`);

/** 403: allowed to nobody. */
export const forbidden = (kind: Named, name: string, why: string): ApiError =>
  about(kind, name, 403, 'Forbidden', who => `${who} is forbidden: ${why}`);

/** 410: the version asked for is no longer, or not, in the journal; the client must list again. */
export const expired = (message: string): ApiError => new ApiError(410, 'Expired', message);

/** 415, saying what would be read. */
export const unsupportedMediaType = (message: string): ApiError =>
  new ApiError(415, 'UnsupportedMediaType', message);

/** 429: the server has as much to do as it may. */
export const tooManyRequests = (message: string): ApiError =>
  new ApiError(429, 'TooManyRequests', message, { retryAfterSeconds: 1 });

/** 422 with every cause. `kind` may be of no real kind, as in ListOptions.meta.k8s.io. */
export function invalid(kind: Pick<Named, 'group' | 'kind'>, name: string, causes: Cause[]): ApiError {
  const texts = causes.map(({ field, message }) => `${field}: ${message}`);
  const list = texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
  const title = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const group = kind.group === '' ? {} : { group: kind.group };
  return new ApiError(422, 'Invalid', `${title} "${name}" is invalid: ${list}`, {
    name,
    ...group,
    kind: kind.kind,
    causes,
  });
}

/** field.Invalid: `value` is shown as JSON. */
export const invalidValue = (field: string, value: unknown, why: string): Cause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${JSON.stringify(value) ?? 'null'}: ${why}`,
  field,
});

/** field.Required. */
export const requiredValue = (field: string, why = ''): Cause => ({
  reason: 'FieldValueRequired',
  message: why === '' ? 'Required value' : `Required value: ${why}`,
  field,
});

/** field.NotSupported. */
export const unsupportedValue = (field: string, value: unknown, known: readonly unknown[]): Cause => ({
  reason: 'FieldValueNotSupported',
  message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${known.map(one => JSON.stringify(one)).join(', ')}`,
  field,
});

/** field.Forbidden. */
export const forbiddenValue = (field: string, why: string): Cause => ({
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${why}`,
  field,
});

/** The metav1.Status that says it. */
export const toStatus = (error: ApiError): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: error.message,
  reason: error.reason,
  details: error.details,
  code: error.code,
});
