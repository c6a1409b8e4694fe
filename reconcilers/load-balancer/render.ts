import type { Balancing, BalancedService } from '../read-model/balancing.ts';
import type { Layout } from './layout.ts';
import { HEADER_S, KEEPALIVE_S, SILENCE_S } from './limits.ts';
import { lbStatusOf, type ServiceVerdict } from './lb-status.ts';
import type { NginxFeatures } from './nginx-version.ts';
import { renderRouted, renderUnavailable, unitOf, type ServiceBlocks } from './render-service.ts';
import { whyNoRoute, whyUnusable } from './validate.ts';

/** What a configuration is made from. */
export interface RenderInput {
  balancing: Balancing;
  layout: Layout;
  features: NginxFeatures;
  /** What nginx said against a service, by its unit: it is left out and its requests are answered so. */
  quarantined: ReadonlyMap<string, string>;
  /** What this configuration calls itself. */
  generation: string;
  /** The name of the folder under `layout.home` that it will be in: what its workers answer by. */
  directory: string;
}

/** A file of a configuration; its path is relative to the configuration's folder. */
export interface ConfigurationFile {
  path: string;
  content: string;
}

/** A whole configuration of nginx. */
export interface Configuration {
  /** In the order in which their digest is taken. */
  files: ConfigurationFile[];
  /** What becomes of each service. */
  verdicts: ServiceVerdict[];
}

/** Makes the configuration of a project's load balancer. The same input gives the same bytes. */
export function renderConfiguration(input: RenderInput): Configuration {
  const { balancing, generation } = input;
  const verdicts = judge(balancing, input.quarantined);
  const routable = verdicts.filter(({ service }) => whyNoRoute(service) === undefined);
  const units = routable.map(({ service }) => unitOf(service));
  const services = routable.flatMap(verdict => serviceFiles(verdict, input.layout));
  const status = lbStatusOf(generation, balancing.project, verdicts);
  const files = [
    { path: 'nginx.conf', content: renderMain(input, units) },
    { path: 'lb-status.json', content: `${JSON.stringify(status, null, 2)}\n` },
    ...services.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  ];
  return { files, verdicts };
}

/** What becomes of each service. */
export function judge(
  { services }: Pick<Balancing, 'services'>,
  quarantined: ReadonlyMap<string, string>,
): ServiceVerdict[] {
  return services.map(service => {
    const refused = whyNoRoute(service) ?? whyUnusable(service) ?? quarantined.get(unitOf(service));
    if (refused !== undefined) return { service, state: 'quarantined', message: refused };
    if (service.servers.some(({ state }) => state === 'in')) return { service, state: 'routed' };
    return { service, state: 'unavailable', message: whyNoServer(service) };
  });
}

function whyNoServer({ version, servers }: BalancedService): string {
  if (servers.length > 0)
    return `no server can take requests (${servers.map(({ droplet, reason }) => `${droplet}: ${reason}`).join('; ')})`;
  return version === undefined
    ? 'no server is in rotation yet'
    : `version ${version} is not running on any server`;
}

function serviceFiles(verdict: ServiceVerdict, layout: Layout): ConfigurationFile[] {
  const unit = unitOf(verdict.service);
  const { http, locations } = renderBlocks(verdict, layout);
  return [
    { path: `services/${unit}.http.conf`, content: http },
    { path: `services/${unit}.server.conf`, content: locations },
  ];
}

/** A quarantined service's own settings stay out, but for its name, which passed. */
function renderBlocks({ service, state, message }: ServiceVerdict, layout: Layout): ServiceBlocks {
  const { port: _port, ...portless } = service;
  switch (state) {
    case 'routed':
      return renderRouted(service, layout);
    case 'unavailable':
      return renderUnavailable(service, message ?? '', layout);
    case 'quarantined':
      return renderUnavailable(
        { ...portless, domains: [] },
        'configuration rejected; see /lb-status',
        layout,
      );
  }
}

/**
 * The main file. `units` narrows it to some of the services, to find out which of them nginx refuses.
 *
 * Includes are absolute and name each file: the folder's own name is in them, so that what was tested is what runs,
 * and a file that a person adds is not read.
 */
export function renderMain(input: RenderInput, units: readonly string[]): string {
  const { layout } = input;
  const folder = `${layout.home}/${input.directory}`;
  const include = (kind: string, indent: string): string =>
    units.map(unit => `${indent}include ${folder}/services/${unit}.${kind}.conf;\n`).join('');
  return `# Written by dropfleet, which puts edits back.
user ${layout.user};
worker_processes auto;
worker_rlimit_nofile 65536;
# What a reload finds in progress goes on for so long: downloads, WebSockets.
worker_shutdown_timeout 1h;
pid ${layout.pid};
error_log ${layout.logs}/error.log warn;

events {
    worker_connections 8192;
}

http {
${renderHttp(layout, input.features)}
    server {
        listen ${layout.listen} default_server;
        default_type text/plain;
        set $dropfleet_prefix "";

        location = /health {
            access_log off;
            return 200 "ok\\n";
        }
        location = /lb-status {
            access_log off;
            types { }
            default_type application/json;
            add_header Cache-Control no-store;
            alias ${folder}/lb-status.json;
        }
        location = /lb-status/generation {
            access_log off;
            return 200 "${input.directory}";
        }
        location / {
            return 404 "no route here; see /lb-status\\n";
        }
${include('server', '        ')}    }
${include('http', '    ')}}
`;
}

/**
 * $dropfleet_path is the request's path without project, environment and service, as the client wrote it: %2F
 * stays %2F. It is empty, and nginx's own reading of the path is sent, when that reading could have led to another
 * route than the first three parts name: with dot segments, which nginx resolves, and with doubled or encoded
 * characters in those parts.
 *
 * Only WebSockets may upgrade: an upgrade to h2c would carry requests past nginx.
 */
function renderHttp({ logs, temp }: Layout, features: NginxFeatures): string {
  return `    access_log ${logs}/access.log;
    client_body_temp_path ${temp}/body;
    proxy_temp_path ${temp}/proxy;
    fastcgi_temp_path ${temp}/fastcgi;
    uwsgi_temp_path ${temp}/uwsgi;
    scgi_temp_path ${temp}/scgi;
    server_tokens off;
    absolute_redirect off;
    server_names_hash_max_size 4096;
    server_names_hash_bucket_size 512;
    tcp_nodelay on;

    client_max_body_size 64m;
    client_header_timeout ${HEADER_S}s;
    client_body_timeout 60s;
    send_timeout 60s;
${renderKeepalive(features)}
    map $request_uri $dropfleet_path {
        default "";
        "~*^[^?]*(?:/|\\\\\\\\|%2f|%5c)(?:\\.|%2e){1,2}(?:[/?#]|\\\\\\\\|%2f|%5c|$)" "";
        "~^/[a-z0-9-]+/[a-z]+/[a-z0-9-]+(?<dropfleet_rest>/.*)$" $dropfleet_rest;
    }
    map $http_upgrade $dropfleet_upgrade {
        default "";
        "~*^websocket$" websocket;
    }
    map $dropfleet_upgrade $dropfleet_connection {
        default upgrade;
        "" "";
    }

    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Connection $dropfleet_connection;
    proxy_set_header Upgrade $dropfleet_upgrade;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-Port $server_port;
    proxy_set_header X-Forwarded-Prefix $dropfleet_prefix;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Request-ID $request_id;
    proxy_set_header Forwarded "";
    proxy_set_header Proxy "";
    proxy_connect_timeout 2s;
    proxy_send_timeout 60s;
    proxy_read_timeout ${SILENCE_S}s;
    # A request that may have been acted on (POST) is not sent twice: without non_idempotent.
    proxy_next_upstream error timeout;
    proxy_next_upstream_tries 2;
`;
}

/**
 * A worker that ends closes idle connections, and a client may have sent its next request at that moment, which is
 * lost (measured: 787 of 17,135 over 18 reloads). So a worker keeps an idle connection as long when it ends as it
 * does otherwise; and a version that cannot do that keeps none.
 */
function renderKeepalive({ hasKeepaliveMinTimeout }: NginxFeatures): string {
  if (!hasKeepaliveMinTimeout)
    return `    # Before nginx 1.27.4 a reload cuts off requests on connections that are kept.
    keepalive_timeout 0;
`;
  return `    # The second time is what clients are told.
    keepalive_timeout ${KEEPALIVE_S}s ${KEEPALIVE_S - 5}s;
    keepalive_min_timeout ${KEEPALIVE_S}s;
`;
}
