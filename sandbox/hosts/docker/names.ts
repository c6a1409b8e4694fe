/** What the objects of one sandbox on a Docker daemon are called, and the labels by which they are found again. */
export interface Names {
  /** Of the network, the volume and the hypervisor's container. */
  readonly sandbox: string;
  /** On everything. */
  readonly label: string;
  readonly dropletOf: (id: number) => string;
}

export const DROPLET_LABEL = 'dropfleet.sandbox.droplet';
export const INSTALLATION_LABEL = 'dropfleet.sandbox.installation';
export const ADDRESSES_LABEL = 'dropfleet.sandbox.addresses';

/** `id` tells the sandboxes of one daemon apart: letters, digits and dashes. */
export const namesOf = (id: string): Names => ({
  sandbox: `dropfleet-${id}`,
  label: `dropfleet.sandbox=${id}`,
  dropletOf: droplet => `dropfleet-${id}-${droplet}`,
});
