import {
  readNotificationConfig,
  type NotificationConfig,
  type NotificationFiles,
} from '../../config/notification-config.ts';
import { formatProblems } from '../../config/problems.ts';
import type { Run } from '../run.ts';

/** Who is told, as the files say it now. */
export type CurrentConfig = Pick<NotificationConfig, 'email' | 'sms' | 'webhook'> & {
  /** A file has a mistake: what it said before is gone by, and nobody knows what it will say. */
  isBroken: boolean;
};

/** The files that say who is told. */
export interface ConfigSource {
  /** What they say. A mistake is logged once; the file's last right version counts meanwhile. */
  read(run: Pick<Run, 'log'>): Promise<CurrentConfig>;
  /** They are read again the next time. */
  changed(): void;
}

/** Network file systems tell of no change: files are read so often anyway. */
const REREAD_MS = 600_000;

/** @param monotonic milliseconds that never go back. */
export function createConfigSource(files: NotificationFiles, monotonic: () => number): ConfigSource {
  let last: CurrentConfig = { email: undefined, sms: undefined, webhook: undefined, isBroken: false };
  let readAt: number | undefined;
  let logged = '';
  return {
    async read({ log }) {
      if (readAt !== undefined && monotonic() - readAt < REREAD_MS) return last;
      // A change while they are read is one more reason to read them.
      readAt = monotonic();
      const { email, sms, webhook, problems } = await readNotificationConfig(files);
      const isBroken = (file: string): boolean => problems.some(problem => problem.file === file);
      last = {
        email: isBroken(files.email) ? last.email : email,
        sms: isBroken(files.sms) ? last.sms : sms,
        webhook: isBroken(files.webhook) ? last.webhook : webhook,
        isBroken: problems.length > 0,
      };
      const text = formatProblems(problems);
      if (text !== '' && text !== logged)
        log.warn(`who is told stays as it was, until this is mended:\n${text}`);
      if (text === '' && logged !== '') log.warn('the files that say who is told are valid again');
      logged = text;
      return last;
    },
    changed: () => void (readAt = undefined),
  };
}
