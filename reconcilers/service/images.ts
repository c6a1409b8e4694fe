import type { SshHost } from '../../clients/ssh/ssh.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import type { Engine } from '../host/desired.ts';

/** What an image is wanted for. */
export interface WantedImage {
  service: ServiceDeployment;
  version: string;
  engine: Engine;
  /** The id of the image that the version was before, if it is known. */
  known?: string | undefined;
  /** The project's master: builds are done there, and its registry serves the others. */
  master: { ssh: SshHost; address: string };
}

/** How far an image is. */
export type ImageState =
  /** `image` is its id, and `name` what the engines of hosts find it by. */
  | { state: 'ready'; image: string; name: string }
  | { state: 'pending'; reason: string; message: string }
  /** Not tried again by itself. */
  | { state: 'failed'; reason: string; message: string };

/** Where images come from. Both reject when a host cannot be asked. */
export interface Images {
  /** Sees that the image is on the master; to be called again while it is pending. */
  ensure(wanted: WantedImage, signal: AbortSignal): Promise<ImageState>;
  /** Brings an image that is ready to another server of the project. */
  bring(
    wanted: WantedImage,
    image: { image: string; name: string },
    server: { ssh: SshHost; address: string },
    signal: AbortSignal,
  ): Promise<void>;
}
