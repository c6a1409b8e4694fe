/** A block storage volume. What it is attached to is in the droplet's `volumeIds`. */
export interface VolumeRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** The region slug; only droplets of the same region can have it. */
  readonly region: string;
  /** GB; it only grows. */
  readonly sizeGigabytes: number;
  readonly createdAt: number;
  /** Empty when it was made without a file system. */
  readonly filesystemType: string;
  readonly filesystemLabel: string;
  readonly tags: readonly string[];
  /** The volume snapshot that its files were made from. */
  readonly snapshotId?: string;
  /** The action under way, which locks the volume. */
  readonly actionId?: number;
}

/** A volume's files at one time. */
export interface VolumeSnapshotRecord {
  readonly id: string;
  readonly name: string;
  /** The volume may be gone. */
  readonly volumeId: string;
  readonly regions: readonly string[];
  readonly createdAt: number;
  /** GB; the size of the volume, which is the least that a new one may have. */
  readonly minDiskSize: number;
  /** GB */
  readonly sizeGigabytes: number;
  readonly filesystemType: string;
  readonly filesystemLabel: string;
  readonly tags: readonly string[];
}
