import type { HiddenText } from '../../clients/ssh/ssh.ts';

/** A key pair of the fleet. */
export interface FleetKey {
  /** One line of OpenSSH's format. */
  publicKey: string;
  /** OpenSSH's text. */
  privateKey: HiddenText;
}

/** The fleet's pairs; `next` and `previous` only while one follows another. */
export interface KeyRing {
  current: FleetKey;
  next?: FleetKey;
  previous?: FleetKey;
}

/** Where the pairs are kept. A ring that was written is there after a crash, or the one before it is. */
export interface KeyStore {
  read(): Promise<KeyRing>;
  write(ring: KeyRing): Promise<void>;
}
