/** A refusal as DigitalOcean words it: the HTTP status and the body that goes with it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** DigitalOcean's word for the kind of refusal, such as `not_found`. */
  readonly id: string;
  /** A body of another shape than `{id, message}`, which tags answer with. */
  readonly body: Readonly<Record<string, unknown>> | undefined;

  constructor(status: number, id: string, message: string, body?: Readonly<Record<string, unknown>>) {
    super(message);
    this.status = status;
    this.id = id;
    this.body = body;
  }
}

export const badRequest = (message = 'error parsing request body'): ApiError =>
  new ApiError(400, 'bad_request', message);

export const unauthorized = (): ApiError => new ApiError(401, 'unauthorized', 'Unable to authenticate you.');

export const forbidden = (message: string): ApiError => new ApiError(403, 'forbidden', message);

export const notFound = (message = 'The resource you were accessing could not be found.'): ApiError =>
  new ApiError(404, 'not_found', message);

export const conflict = (message: string): ApiError => new ApiError(409, 'conflict', message);

export const preconditionFailed = (message: string): ApiError =>
  new ApiError(412, 'precondition_failed', message);

export const tooLarge = (): ApiError =>
  new ApiError(413, 'request_entity_too_large', 'Request body too large');

export const unprocessable = (message: string): ApiError =>
  new ApiError(422, 'unprocessable_entity', message);

export const serverError = (message = 'Server was unable to give you a response.'): ApiError =>
  new ApiError(500, 'server_error', message);

/** A droplet takes part in one event at a time; clients match these words. */
export const pendingEvent = (): ApiError => unprocessable('Droplet already has a pending event.');
