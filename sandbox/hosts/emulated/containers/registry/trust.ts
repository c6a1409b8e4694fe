import { addressNumber, parseCidr } from '../../../../account/network/cidr.ts';
import type { Machine } from '../../model.ts';
import type { Engine } from '../engine.ts';

// A registry without TLS is spoken to only where a person says so, for docker in daemon.json, for podman in
// registries.conf. Docker takes loopback as said.

export function trustsPlainHttp({ kind, machine, state }: Engine, registry: string): boolean {
  if (kind === 'podman') return podmanLocations(machine).includes(registry);
  const address = addressNumber(registry.replace(/:\d+$/, ''));
  return ['127.0.0.0/8', ...state().settings.insecureRegistries].some(entry => {
    const range = parseCidr(entry);
    return entry === registry || (range !== undefined && range.first <= address && address <= range.last);
  });
}

/** Of the registries that podman's configuration calls insecure. */
function podmanLocations({ files }: Machine): string[] {
  const folder = '/etc/containers/registries.conf.d';
  const extra = files.find(folder) === undefined ? [] : files.list(folder).map(name => `${folder}/${name}`);
  return ['/etc/containers/registries.conf', ...extra]
    .filter(path => path.endsWith('.conf') && files.find(path)?.type === 'file')
    .flatMap(path => Buffer.from(files.read(path)).toString().split('[[registry]]').slice(1))
    .filter(block => /^\s*insecure\s*=\s*true/m.test(block))
    .map(
      block =>
        /^\s*location\s*=\s*"([^"]*)"/m.exec(block)?.[1] ??
        /^\s*prefix\s*=\s*"([^"]*)"/m.exec(block)?.[1] ??
        '',
    );
}
