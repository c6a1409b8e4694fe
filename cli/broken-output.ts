import { explainFileError } from '../config/files.ts';

/**
 * Keeps a command alive, and from ending with a stack, when what it says cannot be written. Where its reader is gone,
 * as of `| head`, it stops in order, as by a signal; a full disk costs its words alone, and the exit code at the end.
 */
export function surviveBrokenOutput({ stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'>): void {
  stdout.once('error', (error: NodeJS.ErrnoException) => {
    // Later ones are the same one again.
    stdout.on('error', () => undefined);
    if (error.code === 'EPIPE') {
      process.kill(process.pid, 'SIGTERM');
      return;
    }
    process.exitCode = 1;
    stderr.write(`dropfleet: standard output cannot be written: ${explainFileError(error)}\n`);
  });
  // There is nobody left to tell it to.
  stderr.on('error', () => undefined);
}
