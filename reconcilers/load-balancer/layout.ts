/** Where nginx and its configuration are on a host. */
export interface Layout {
  /** The folder of the generations and of the `current` symlink; dropfleet's alone. */
  home: string;
  /** The file that nginx starts with; becomes a symlink into the current generation. */
  main: string;
  /** What `listen` says: a port, or an address and a port. */
  listen: string;
  /** Where the default server answers on the host itself, without a slash at the end. */
  url: string;
  pid: string;
  /** The folder of access.log and error.log. */
  logs: string;
  /** The folder of what does not fit into memory. */
  temp: string;
  /** Whom the workers run as. */
  user: string;
}

/** As Debian's and Ubuntu's packages have it. */
export const DEBIAN: Layout = {
  home: '/etc/nginx/dropfleet',
  main: '/etc/nginx/nginx.conf',
  listen: '80',
  url: 'http://127.0.0.1',
  pid: '/run/nginx.pid',
  logs: '/var/log/nginx',
  temp: '/var/lib/nginx',
  user: 'www-data',
};
