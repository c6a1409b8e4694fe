import type { ActionRecord, ImageRecord } from '../account/records/records.ts';
import type { State } from '../account/records/state.ts';
import type { HostDriver, HostInventory } from './driver.ts';

/** What outlives a machine: snapshots of machines, volumes, and snapshots of volumes. */
export interface Keepsakes {
  /**
   * Makes the copies that records ask for, and only then destroys what no record names any more, so that a
   * snapshot of a volume that was deleted right after is still taken. Volumes in `attached` are left alone.
   */
  sweep(attached: ReadonlySet<string>): Promise<void>;
  /** The backups that are recorded, and not yet taken. */
  missingBackups(): readonly ImageRecord[];
  /** A snapshot that was taken, or a volume that was attached, and is thus there. */
  noteSnapshot(id: number): void;
  noteVolumes(ids: readonly string[]): void;
}

export function createKeepsakes(state: State, driver: HostDriver, inventory: HostInventory): Keepsakes {
  const snapshots = new Set(inventory.snapshots);
  const volumes = new Set(inventory.volumes);

  /** A volume that was never attached has no files; its copies neither. */
  async function copy(from: string, to: string): Promise<void> {
    if (volumes.has(to) || !volumes.has(from)) return;
    await driver.copyVolume(from, to);
    volumes.add(to);
  }

  async function copyAll(): Promise<void> {
    for (const { id, volumeId } of state.all('volumeSnapshots')) await copy(volumeId, id);
    for (const { id, snapshotId } of state.all('volumes'))
      if (snapshotId !== undefined) await copy(snapshotId, id);
  }

  async function destroyAll(attached: ReadonlySet<string>): Promise<void> {
    for (const id of snapshots) {
      if (isSnapshotNeeded(state, id)) continue;
      await driver.destroySnapshot(id);
      snapshots.delete(id);
    }
    for (const id of volumes) {
      if (isVolumeNeeded(state, id) || attached.has(id)) continue;
      await driver.destroyVolume(id);
      volumes.delete(id);
    }
  }

  return {
    missingBackups: () =>
      [...state.all('snapshots')].filter(({ id, kind }) => kind === 'backup' && !snapshots.has(id)),
    async sweep(attached) {
      await copyAll();
      await destroyAll(attached);
    },
    noteSnapshot: id => void snapshots.add(id),
    noteVolumes(ids) {
      for (const id of ids) volumes.add(id);
    },
  };
}

/** By a record, by the action that is taking it, or by a machine that is being made from it. */
function isSnapshotNeeded(state: State, id: number): boolean {
  if (state.get('snapshots', id) !== undefined) return true;
  return [...state.all('droplets')].some(droplet => {
    const effect = actionOn(state, droplet.actionId)?.effect;
    if (effect?.kind === 'snapshot') return effect.id === id;
    if (effect?.kind === 'rebuild') return effect.image.id === id;
    return effect !== undefined && droplet.image.id === id;
  });
}

const isVolumeNeeded = (state: State, id: string): boolean =>
  state.get('volumes', id) !== undefined || state.get('volumeSnapshots', id) !== undefined;

const actionOn = (state: State, id: number | undefined): ActionRecord | undefined =>
  id === undefined ? undefined : state.get('actions', id);
