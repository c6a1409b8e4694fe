// A snapshot cannot be given tags when it is asked for: until it carries them, its name says whose it is. The ids of
// fleets, the names of Droplets and nonces have no dots.

/** Which snapshot of a fleet it is. */
export interface SnapshotIdentity {
  /** The name of the Droplet. */
  droplet: string;
  /** A word that no other snapshot has. */
  nonce: string;
  /** When it was asked for, to the second, as `20260101T000000Z`. */
  at: string;
}

/** The name of a snapshot that is asked for at `now` (ms). */
export const snapshotName = (fleetId: string, droplet: string, nonce: string, now: number): string =>
  `${prefixOf(fleetId)}${droplet}.${nonce}.${new Date(now).toISOString().replace(/\.\d+|[-:]/g, '')}`;

/** Which snapshot of the fleet has that name; undefined when it is none of the fleet's. */
export function snapshotNamed(fleetId: string, name: string): SnapshotIdentity | undefined {
  const prefix = prefixOf(fleetId);
  if (!name.startsWith(prefix)) return undefined;
  const [droplet, nonce, at, ...rest] = name.slice(prefix.length).split('.');
  if (!droplet || !nonce || !at || rest.length > 0 || !/^\d{8}T\d{6}Z$/.test(at)) return undefined;
  return { droplet, nonce, at };
}

/** Whether the name begins as those of the fleet's do, whatever follows. */
export const isNamedBy = (fleetId: string, name: string): boolean => name.startsWith(prefixOf(fleetId));

const prefixOf = (fleetId: string): string => `dropfleet.${fleetId}.`;
