// The release command: run once in the new image, before a release gets its first request. When it fails, the release
// before goes on. This one waits for the database, where there is one; your migration tool takes its place.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const { DATABASE_HOST: host, DATABASE_PORT: port, DATABASE_PATIENCE_SECONDS = '30' } = process.env;

async function answers() {
  const socket = connect({ host, port: Number(port) });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(2_000) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function untilItAnswers() {
  const end = Date.now() + Number(DATABASE_PATIENCE_SECONDS) * 1_000;
  while (!(await answers())) {
    if (Date.now() > end) return false;
    await sleep(500);
  }
  return true;
}

if (host === undefined || port === undefined) {
  process.stdout.write('no database: nothing to migrate\n');
} else if (await untilItAnswers()) {
  process.stdout.write(`the database at ${host}:${port} answers: nothing to migrate yet\n`);
} else {
  process.stderr.write(`the database at ${host}:${port} does not answer\n`);
  process.exitCode = 1;
}
