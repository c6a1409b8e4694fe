/** What a line may carry beside its message. No secret value ever goes in. */
export type LogFields = Record<string, string | number | boolean | undefined>;

/** Where the program says what it does, a line each. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose every line carries these fields too. */
  with(fields: LogFields): Logger;
}
