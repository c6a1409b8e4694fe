import type { DesiredHost } from '../host/desired.ts';

/** A host that is probed. */
export interface ProbedHost extends DesiredHost {
  /** How long the probe may wait for the end of the first boot. */
  firstBootWaitSeconds: number;
}

/** What one concern wants to know of hosts: its part of the one probe that each host gets. */
export interface ProbeSection<T> {
  /** One word, and no other section's. */
  readonly name: string;
  /** POSIX shell for root, which prints what `parse` reads, in a second or so. stdin is empty. */
  readonly script: string;
  /** The script's arguments, without line breaks; undefined where a host has nothing to tell of this. */
  argumentsFor(host: ProbedHost): readonly string[] | undefined;
  /** Reads what the script printed before it ended with 0. Does not throw: undefined when it is not to be made out. */
  parse(output: string): T | undefined;
}
