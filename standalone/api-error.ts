/** One reason why an object is invalid, as metav1.StatusCause. */
export interface Cause {
  reason: string;
  message: string;
  field: string;
}

/** What metav1.StatusDetails says about the object in question. `kind` is the plural, as on a real server. */
interface ErrorDetails {
  name?: string;
  group?: string | undefined;
  kind?: string;
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

const qualified = (name: string, group: string): string => (group === '' ? name : `${name}.${group}`);

/** An error about one object; `says` gets its kind and name. */
function about(
  { group, plural }: Named,
  name: string,
  [code, reason]: [number, string],
  says: (who: string) => string,
): ApiError {
  const details = { name, group: group || undefined, kind: plural };
  return new ApiError(code, reason, says(`${qualified(plural, group)} "${name}"`), details);
}

/** The request itself makes no sense. */
export const badRequest = (message: string): ApiError => new ApiError(400, 'BadRequest', message);

export const notFound = (kind: Named, name: string): ApiError =>
  about(kind, name, [404, 'NotFound'], who => `${who} not found`);

/** 404 for an address. */
export const noSuchPath = (): ApiError =>
  new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});

export const methodNotAllowed = (
  message = 'the server does not allow this method on the requested resource',
): ApiError => new ApiError(405, 'MethodNotAllowed', message, {});

export const alreadyExists = (kind: Named, name: string): ApiError =>
  about(kind, name, [409, 'AlreadyExists'], who => `${who} already exists`);

/** A precondition does not hold. */
export const conflict = (kind: Named, name: string, why: string): ApiError =>
  about(kind, name, [409, 'Conflict'], who => `Operation cannot be fulfilled on ${who}: ${why}`);

/** Allowed to nobody. */
export const forbidden = (kind: Named, name: string, why: string): ApiError =>
  about(kind, name, [403, 'Forbidden'], who => `${who} is forbidden: ${why}`);

/** The version asked for is no longer, or not, in the journal; the client must list again. */
export const expired = (message: string): ApiError => new ApiError(410, 'Expired', message);

export const unsupportedMediaType = (message: string): ApiError =>
  new ApiError(415, 'UnsupportedMediaType', message);

export const tooManyRequests = (message: string): ApiError =>
  new ApiError(429, 'TooManyRequests', message, { retryAfterSeconds: 1 });

/** 422 with every cause. `kind` may be of no real kind, as in ListOptions.meta.k8s.io. */
export function invalid({ group, kind }: Omit<Named, 'plural'>, name: string, causes: Cause[]): ApiError {
  const texts = causes.map(({ field, message }) => `${field}: ${message}`);
  const list = texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
  const details = { name, group: group || undefined, kind, causes };
  return new ApiError(422, 'Invalid', `${qualified(kind, group)} "${name}" is invalid: ${list}`, details);
}

/** field.Invalid of Kubernetes: `value` is shown as JSON. */
export const invalidValue = (field: string, value: unknown, why: string): Cause => {
  const message = `Invalid value: ${JSON.stringify(value) ?? 'null'}: ${why}`;
  return { reason: 'FieldValueInvalid', message, field };
};

/** field.Required. */
export const requiredValue = (field: string, why = ''): Cause => {
  const message = why === '' ? 'Required value' : `Required value: ${why}`;
  return { reason: 'FieldValueRequired', message, field };
};

/** field.NotSupported. */
export const unsupportedValue = (field: string, value: unknown, known: readonly unknown[]): Cause => {
  const values = known.map(one => JSON.stringify(one)).join(', ');
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${values}`;
  return { reason: 'FieldValueNotSupported', message, field };
};

/** field.Forbidden. */
export const forbiddenValue = (field: string, why: string): Cause => {
  return { reason: 'FieldValueForbidden', message: `Forbidden: ${why}`, field };
};

/** The metav1.Status that says it. */
export function toStatus({ message, reason, details, code }: ApiError): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    details,
    code,
  };
}
