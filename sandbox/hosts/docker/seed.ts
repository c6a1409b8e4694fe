import type { HostSpec } from '../driver.ts';

/**
 * The meta-data that cloud-init reads, as JSON, which is YAML. Its instance-id names the installation, so that
 * cloud-init does its once-in-a-life work once for each.
 */
export const renderMetaData = ({ id, installation, name, authorizedKeys }: HostSpec): string =>
  JSON.stringify({
    'instance-id': `${id}-${installation}`,
    'local-hostname': name,
    'public-keys': authorizedKeys,
  });
