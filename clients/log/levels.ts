/** From the most talkative to the least; a logger leaves out what is before its own level. */
const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** How much a line matters. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Whether a logger of level `threshold` writes a line of that level. */
export const isLogged = (level: LogLevel, threshold: LogLevel): boolean =>
  LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(threshold);
