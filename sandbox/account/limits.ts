/** What an account may have at once, as it says itself. */
export const ACCOUNT_LIMITS = { volumes: 100, reservedIps: 100 } as const;

/** How many volumes a droplet can have. */
export const VOLUMES_PER_DROPLET = 15;
