import type { SshHost } from '../../clients/ssh/ssh.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { Engine } from '../host/desired.ts';
import type { ImageLogin } from '../secrets/values.ts';

/** What an image is wanted for. */
export interface WantedImage {
  service: ServiceDeployment;
  /** The project's. */
  services: readonly ServiceDeployment[];
  version: string;
  engine: Engine;
  /** The id of the image that the version was before, if it is known. */
  known?: string | undefined;
  /** Who a published image is fetched as. */
  login?: ImageLogin | undefined;
  /** The project's master: builds are done there, and its registry serves the others. */
  master: ImageServer;
}

/** How far an image is. */
export type ImageState =
  /** It is on the master; `image` is its id. */
  | { state: 'ready'; image: string }
  /** `afterMs`: so soon another look is worth it; soon by default. */
  | { state: 'pending'; reason: string; message: string; afterMs?: number }
  /** Not tried again by itself. */
  | { state: 'failed'; reason: string; message: string };

/** A server as images are brought to it. */
export interface ImageServer {
  ssh: SshHost;
  /** Private. */
  address: string;
}

/** What is cleaned of images that nobody needs. */
export interface Cleaning {
  project: string;
  engine: Engine;
  /** The project's. */
  services: readonly ServiceDeployment[];
  servers: readonly (ImageServer & { isMaster: boolean })[];
  hasRegistry: boolean;
}

/** Where images come from. All reject when a host cannot be asked, or does not do it: with an SshError or a BuildError. */
export interface Images {
  /** Sees that the image is on the master; to be called again while it is pending. */
  ensure(wanted: WantedImage, signal: AbortSignal): Promise<ImageState>;
  /** Brings an image of the master, by its id, to a server of the project, under the name that imageName says. */
  bring(wanted: WantedImage, image: string, server: ImageServer, signal: AbortSignal): Promise<void>;
  /** Removes what none of the last releases needs. */
  prune(cleaning: Cleaning, signal: AbortSignal): Promise<void>;
}
