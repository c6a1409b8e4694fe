/** A droplet as DigitalOcean's API tells of it, with the fields that are read and some that are not. */
export const DROPLET_REPLY = {
  id: 7,
  name: 'shop-master',
  status: 'active',
  locked: false,
  size_slug: 's-1vcpu-1gb',
  size: { slug: 's-1vcpu-1gb' },
  disk: 25,
  memory: 1024,
  region: { slug: 'nyc3', name: 'New York 3' },
  image: { id: 99, slug: 'ubuntu-24-04-x64' },
  tags: ['dropfleet:f'],
  created_at: '2026-01-01T00:00:00Z',
  networks: {
    v4: [
      { type: 'private', ip_address: '10.0.0.7' },
      { type: 'public', ip_address: '203.0.113.7' },
    ],
    v6: [],
  },
};
