import type { LogFields, Logger } from '../../clients/log.ts';

/** One line that was logged. */
export interface LoggedLine {
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
  fields: LogFields;
}

/** A logger that keeps its lines. */
export function fakeLogger(): Logger & { lines: LoggedLine[] } {
  const lines: LoggedLine[] = [];
  const withFields = (standing: LogFields): Logger => {
    const say =
      (level: LoggedLine['level']) =>
      (message: string, fields: LogFields = {}): void =>
        void lines.push({ level, message, fields: { ...standing, ...fields } });
    return {
      debug: say('debug'),
      info: say('info'),
      warn: say('warn'),
      error: say('error'),
      with: fields => withFields({ ...standing, ...fields }),
    };
  };
  return { ...withFields({}), lines };
}
