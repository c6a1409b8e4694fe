import type { HostSpec } from '../driver.ts';
import type { Docker } from './docker.ts';
import type { Engine } from './engine.ts';
import type { Faults } from './faults.ts';
import type { Hypervisor } from './hypervisor.ts';
import type { Names } from './names.ts';
import type { PublicNetwork } from './network.ts';
import type { InTurn } from './turns.ts';

/** The machines of one sandbox, and what works on them. */
export interface Rack {
  readonly docker: Docker;
  readonly names: Names;
  readonly engine: Engine;
  readonly network: PublicNetwork;
  /** That new machines are made of. */
  readonly image: string;
  readonly hypervisor: Hypervisor;
  /** What each machine was last told to be. */
  readonly specs: Map<number, HostSpec>;
  /** Those that were read or set. */
  readonly faults: Map<number, Faults>;
  readonly inTurn: InTurn;
  readonly onProgress: (line: string) => void;
}
