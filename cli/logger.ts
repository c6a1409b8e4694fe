import { systemClock } from '../clients/clock.ts';
import { createJsonLogger } from '../clients/log/json.ts';
import { createTextLogger } from '../clients/log/text.ts';
import type { LogLevel } from '../clients/log/levels.ts';
import type { Logger } from '../clients/log.ts';
import type { GlobalOptions } from './options.ts';

/** The program's log, on standard error by default: standard output is for results. */
export function createLogger(
  { logFormat, verbose }: GlobalOptions,
  level: LogLevel = 'info',
  sink: { write(text: string): unknown } = process.stderr,
): Logger {
  const options = { sink, clock: systemClock, level: verbose ? 'debug' : level } as const;
  return logFormat === 'json' ? createJsonLogger(options) : createTextLogger(options);
}
