import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Machine } from '../model.ts';
import { bodyOf, serveStreams } from '../network/http.ts';
import type { Engine } from './engine.ts';
import { engineOf } from './engine.ts';
import { writeLog } from './logs.ts';
import type { Container, EngineKind } from './model.ts';
import { rehearsalOf, variable } from './rehearsal.ts';

const KINDS: readonly EngineKind[] = ['docker', 'podman'];

/** The containers that run and are published at `port` of an address, or of all of them. */
export function containersAt(machine: Machine, address: string, port: number): Container[] {
  const isSame = (other: string): boolean =>
    other === '0.0.0.0' || address === '0.0.0.0' || other === address;
  return KINDS.filter(kind => machine.system.engines?.[kind] !== undefined).flatMap(kind =>
    engineOf(machine, kind)
      .state()
      .containers.filter(({ status }) => status === 'running' || status === 'restarting')
      .filter(({ config }) =>
        config.publications.some(place => place.port === port && isSame(place.address)),
      ),
  );
}

/** What takes connections to `port` of the machine's `address`: a container that is published there, if one runs. */
export function containerListener(
  machine: Machine,
  address: string,
  port: number,
): ((stream: Duplex) => void) | undefined {
  for (const kind of KINDS) {
    if (machine.system.engines?.[kind] === undefined) continue;
    const engine = engineOf(machine, kind);
    const container = engine
      .state()
      .containers.find(
        ({ status, config }) =>
          status === 'running' &&
          config.publications.some(place => place.port === port && isAt(place.address, address)),
      );
    if (container === undefined) continue;
    return listens(engine, container) ? accepting(engine, container.id) : undefined;
  }
  return undefined;
}

const isAt = (published: string, address: string): boolean =>
  published === '0.0.0.0' || published === (address === 'localhost' ? '127.0.0.1' : address);

/** One that starts slowly does not listen yet. */
function listens({ now }: Engine, { config, startedAt }: Container): boolean {
  const { kind, afterMs } = rehearsalOf(config);
  return kind !== 'slow' || now() >= startedAt + afterMs;
}

/** A connection outlives a request, but not the container's run. */
function accepting(engine: Engine, id: string): (stream: Duplex) => void {
  return serveStreams((request, response) => void answer(engine, id, request, response)).accept;
}

const HEALTH = /\/(?:health|healthz|healthcheck|ready|readyz|live|livez|up|ping|_health|status)\/?$/;

async function answer(
  engine: Engine,
  id: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request).catch(() => undefined);
  const container = engine.state().containers.find(other => other.id === id);
  if (body === undefined || container?.status !== 'running') return void request.socket.destroy();
  const { method = 'GET', url = '/' } = request;
  const path = url.replace(/[?#].*$/, '');
  const isHealthy = isWell(engine, container);
  const isHealth = HEALTH.test(path);
  const status = isHealth && !isHealthy ? 503 : 200;
  writeLog(engine.machine, id, engine.now(), `${method} ${path} ${status}`);
  const text = `${JSON.stringify(isHealth ? healthOf(isHealthy) : factsOf(engine, container, method, path, body.length), null, 2)}\n`;
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(method === 'HEAD' ? undefined : text);
}

function isWell({ now }: Engine, { config, startedAt }: Container): boolean {
  const { kind, afterMs } = rehearsalOf(config);
  return kind !== 'never-healthy' && (kind !== 'sick' || now() < startedAt + afterMs);
}

const healthOf = (isHealthy: boolean): object => ({ status: isHealthy ? 'ok' : 'unhealthy (rehearsed)' });

/** Nothing else of its environment is told: it may be secret. */
function factsOf(
  { machine }: Engine,
  { name, config }: Container,
  method: string,
  path: string,
  bytes: number,
): object {
  const of = (variableName: string): string | undefined => variable(config.Env, variableName);
  return {
    service: of('DROPFLEET_SERVICE'),
    version: of('DROPFLEET_VERSION'),
    environment: of('DROPFLEET_ENVIRONMENT'),
    project: of('DROPFLEET_PROJECT'),
    container: name,
    host: machine.spec.name,
    method,
    path,
    bytes,
    note: 'an emulated container: no code is run',
  };
}
