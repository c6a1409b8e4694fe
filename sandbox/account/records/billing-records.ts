/** A stretch of time for which a droplet is paid at one size. */
export interface UsageRecord {
  readonly dropletId: number;
  readonly name: string;
  readonly size: string;
  readonly from: number;
  /** None while it runs. */
  readonly to?: number;
}

/** A stretch of time for which something else than a droplet is paid. */
export interface ChargeRecord {
  readonly kind: 'volume' | 'snapshot' | 'reserved-ip' | 'backups';
  /** The id of the resource; of the droplet for backups. */
  readonly resource: string;
  readonly name: string;
  /** US dollars for a whole month. */
  readonly monthly: number;
  readonly from: number;
  /** None while it goes on. */
  readonly to?: number;
}
