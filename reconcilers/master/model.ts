/** The master's server, as far as what goes with it from one to the next needs to know it. */
export interface MasterView {
  id: number;
  /** It is there, as this project's, it runs, and the cloud is not at work on it. */
  isIdle: boolean;
  /** Another is about to take its place. */
  isReplaced: boolean;
  isReachable: boolean;
}

/** A droplet that has what is the master's and is not its server, as the cloud has it now; undefined when it is gone. */
export interface HolderView {
  id: number;
  isOff: boolean;
  /** It was the master's server before, and its tags say so. */
  isFormer: boolean;
}
