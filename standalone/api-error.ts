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

  /** The metav1.Status that says it. */
  toStatus(): object {
    const { message, reason, details, code } = this;
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
function about({ group, plural }: Named, name: string, says: (who: string) => [number, string, string]) {
  const details = { name, group: group || undefined, kind: plural };
  return new ApiError(...says(`${qualified(plural, group)} "${name}"`), details);
}

/** The request itself makes no sense. */
export const badRequest = (message: string): ApiError => new ApiError(400, 'BadRequest', message);

export const notFound = (kind: Named, name: string): ApiError =>
  about(kind, name, who => [404, 'NotFound', `${who} not found`]);

/** 404 for an address. */
export const noSuchPath = (): ApiError =>
  new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});

export const methodNotAllowed = (
  message = 'the server does not allow this method on the requested resource',
): ApiError => new ApiError(405, 'MethodNotAllowed', message, {});

export const alreadyExists = (kind: Named, name: string): ApiError =>
  about(kind, name, who => [409, 'AlreadyExists', `${who} already exists`]);

/** A precondition does not hold. */
export const conflict = (kind: Named, name: string, why: string): ApiError =>
  about(kind, name, who => [409, 'Conflict', `Operation cannot be fulfilled on ${who}: ${why}`]);

/** Allowed to nobody. */
export const forbidden = (kind: Named, name: string, why: string): ApiError =>
  about(kind, name, who => [403, 'Forbidden', `${who} is forbidden: ${why}`]);

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

// The errors of Kubernetes' field package. Values are shown as JSON.

const shown = (value: unknown): string => JSON.stringify(value) ?? 'null';
const cause = (reason: string, field: string, message: string): Cause => ({
  reason: `FieldValue${reason}`,
  message,
  field,
});

export const invalidValue = (field: string, value: unknown, why: string): Cause =>
  cause('Invalid', field, `Invalid value: ${shown(value)}: ${why}`);

/** The value is not even of its type. */
export const mistypedValue = (field: string, value: unknown, why: string): Cause =>
  cause('TypeInvalid', field, `Invalid value: ${shown(value)}: ${why}: ${shown(value)}`);

export const isMistyped = ({ reason }: Cause): boolean => reason === 'FieldValueTypeInvalid';

export const requiredValue = (field: string, why?: string): Cause =>
  cause('Required', field, why === undefined ? 'Required value' : `Required value: ${why}`);

export const unsupportedValue = (field: string, value: unknown, known: readonly unknown[]): Cause => {
  const values = known.map(shown).join(', ');
  return cause('NotSupported', field, `Unsupported value: ${shown(value)}: supported values: ${values}`);
};

export const forbiddenValue = (field: string, why: string): Cause =>
  cause('Forbidden', field, `Forbidden: ${why}`);

export const duplicateValue = (field: string, value: unknown): Cause =>
  cause('Duplicate', field, `Duplicate value: ${shown(value)}`);

export const tooLong = (field: string, bytes: number): Cause =>
  cause('TooLong', field, `Too long: must have at most ${bytes} bytes`);
