// The web: answers with its version, and ends what is under way when it is stopped.
import { createServer } from 'node:http';
import { hostname } from 'node:os';

const {
  PORT = '8080',
  DROPFLEET_VERSION: version = 'unreleased',
  DROPFLEET_ENVIRONMENT: environment = 'no environment',
} = process.env;

const pages = {
  '/': () => ({ type: 'text/plain', body: `website ${version} in ${environment}, from ${hostname()}\n` }),
  // What dropfleet asks before a release gets its first request.
  '/health': () => ({ type: 'application/json', body: `${JSON.stringify({ status: 'ok', version })}\n` }),
};

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const page = Object.hasOwn(pages, pathname) ? pages[pathname]() : undefined;
  response.writeHead(page ? 200 : 404, { 'Content-Type': page?.type ?? 'text/plain' });
  response.end(page?.body ?? 'There is no such page.\n');
});

server.listen(Number(PORT), () => {
  process.stdout.write(`website ${version} listens on port ${server.address().port}\n`);
});

// Requests under way get their answer; idle connections are closed.
process.once('SIGTERM', () => server.close());
