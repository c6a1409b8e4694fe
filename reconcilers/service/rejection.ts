/** Thrown when a release cannot serve: not by chance, so that it is not tried again by itself. */
export class Rejection extends Error {
  override readonly name = 'Rejection';
  /** A condition's reason. */
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

export const isRejection = (error: unknown): error is Rejection => error instanceof Rejection;
