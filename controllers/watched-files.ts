import { describeError } from '../clients/log/describe-error.ts';
import type { Logger } from '../clients/log.ts';
import { watchFile, type WatchedFile } from '../config/watched-file.ts';

/** Watches a file, and says so where that takes asking for it. */
export const watchLoudly = (path: string, log: Logger): WatchedFile =>
  watchFile(path, error =>
    log.warn(
      `${path} is read once a second, as its folder cannot be watched; where too many are, raise fs.inotify.max_user_instances`,
      { error: describeError(error) },
    ),
  );
