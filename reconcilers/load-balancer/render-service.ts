import type { BalancedService } from '../read-model/balancing.ts';
import type { Layout } from './layout.ts';

/** A service's part of the configuration. Every value in it has passed validate.ts. */
export interface ServiceBlocks {
  /** For the http block: its upstream, and the server of its own host names. */
  http: string;
  /** For the default server: its locations. */
  locations: string;
}

/** The path under which the service is reached on the master, without a slash at the end. */
export const routeOf = ({ project, environment, service }: BalancedService): string =>
  `/${project}/${environment}/${service}`;

/** What the service's files are called, and what tells it from the project's other services. */
export const unitOf = ({ environment, service }: BalancedService): string => `${environment}-${service}`;

/** The blocks of a service that has servers. */
export function renderRouted(service: BalancedService, { listen }: Pick<Layout, 'listen'>): ServiceBlocks {
  const upstream = upstreamOf(service);
  const pass = [...limitsOf(service), 'set $dropfleet_prefix "";', `proxy_pass http://${upstream};`];
  return {
    http:
      renderUpstream(upstream, service) +
      renderDomains(service, listen, pass) +
      renderPort(service, listen, pass),
    locations: renderRoute(service, upstream),
  };
}

/** Its own limits of a request, where it has some. */
const limitsOf = ({ maxBodyMegabytes, readTimeoutSeconds }: BalancedService): string[] => [
  ...(maxBodyMegabytes === undefined ? [] : [`client_max_body_size ${maxBodyMegabytes}m;`]),
  ...(readTimeoutSeconds === undefined ? [] : [`proxy_read_timeout ${readTimeoutSeconds}s;`]),
];

/** The blocks of a service that cannot be reached now: every request for it is answered why. */
export function renderUnavailable(
  service: BalancedService,
  why: string,
  { listen }: Pick<Layout, 'listen'>,
): ServiceBlocks {
  const route = routeOf(service);
  const answer = [
    'default_type text/plain;',
    'add_header Retry-After 10 always;',
    `return 503 "${plain(`${route.slice(1)} is not available: ${why}`)}\\n";`,
  ];
  return {
    http: renderDomains(service, listen, answer) + renderPort(service, listen, answer),
    locations: renderLocation(`= ${route}`, answer) + renderLocation(`${route}/`, answer),
  };
}

/** No name of a service holds a dot, so that no two upstreams share a name. */
const upstreamOf = ({ project, environment, service }: BalancedService): string =>
  `${project}.${environment}.${service}`;

/**
 * With one server or two, counting failures would take away what is left and answer for it: at both gone for
 * 0.6 s, max_fails=1 cost 20 times as many requests as 0. A server that is out is left away, never marked `down`.
 * Idle connections are dropped after 1 s: programs close theirs after 2 s (gunicorn) or 5 s (Node), and a POST that
 * meets the closing cannot be sent again.
 */
function renderUpstream(name: string, { servers }: BalancedService): string {
  const live = servers.filter(({ state }) => state === 'in');
  const patience = live.length < 3 ? 'max_fails=0' : 'max_fails=3 fail_timeout=10s';
  const lines = live.map(({ address }) => `    server ${address} ${patience};\n`).join('');
  return `upstream ${name} {\n${lines}    keepalive 32;\n    keepalive_timeout 1s;\n}\n`;
}

/** The server of the service's own host names: what is asked there is passed on as it is. */
function renderDomains({ domains }: BalancedService, listen: string, lines: readonly string[]): string {
  if (domains.length === 0) return '';
  return `server {
    listen ${listen};
    server_name ${domains.join(' ')};
    ${renderLocation('/', lines).trimEnd().replaceAll('\n', '\n    ')}
}
`;
}

/**
 * The server of the service's own port, for the project's other services: the firewall lets nobody else reach it. It is
 * on every address, as the private one may not be there yet when nginx starts.
 */
function renderPort({ port }: BalancedService, listen: string, lines: readonly string[]): string {
  if (port === undefined) return '';
  return `server {
    listen ${listen.replace(/\d+$/, String(port))};
    ${renderLocation('/', lines).trimEnd().replaceAll('\n', '\n    ')}
}
`;
}

const renderLocation = (path: string, lines: readonly string[]): string =>
  `location ${path} {\n${lines.map(line => `    ${line}\n`).join('')}}\n`;

/**
 * The rewrite takes the prefix off the path as nginx understands it; $dropfleet_path (render.ts) is the path as
 * the client wrote it, and wins where the two cannot differ. Redirects and cookies get the prefix back, unless the
 * program, told by X-Forwarded-Prefix, has put it there itself.
 */
function renderRoute(service: BalancedService, upstream: string): string {
  const route = routeOf(service);
  const path = route.slice(1);
  const back = ['http', 'https'].flatMap(scheme => [
    `proxy_redirect ${scheme}://$http_host${route}/ ${scheme}://$http_host${route}/;`,
    `proxy_redirect ${scheme}://$http_host/ ${scheme}://$http_host${route}/;`,
  ]);
  return (
    renderLocation(`= ${route}`, [`return 308 ${route}/$is_args$args;`]) +
    renderLocation(`= ${route}/health`, [
      `set $dropfleet_prefix ${route};`,
      'set $args "";',
      `proxy_pass http://${upstream}${service.healthPath};`,
    ]) +
    renderLocation(`${route}/`, [
      ...limitsOf(service),
      `set $dropfleet_prefix ${route};`,
      `rewrite "(?s)^${route}(/.*)$" $1 break;`,
      `proxy_pass http://${upstream}$dropfleet_path;`,
      `proxy_redirect ~^(/(?!/|${path}(?:/|$)).*)$ ${route}$1;`,
      ...back,
      `proxy_cookie_path ~^/(?!${path}(?:/|$))(.*)$ ${route}/$1;`,
    ])
  );
}

/** Text that means nothing to nginx's parser inside double quotes, and is within its limit for one (4,096 bytes). */
const plain = (text: string): string => text.replaceAll(/[^ -~]|["\\$]/g, '').slice(0, 1000);
