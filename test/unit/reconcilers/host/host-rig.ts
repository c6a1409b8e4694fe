import { DROPLETS } from '../../../../clients/kubernetes/kinds.ts';
import { fingerprintOf, fingerprintOfLine } from '../../../../clients/ssh/fingerprint.ts';
import { findCondition } from '../../../../crds/conditions.ts';
import type { Droplet, DropletStatus } from '../../../../crds/droplet.ts';
import type { Context, Hosts } from '../../../../reconcilers/context.ts';
import { firstHostKey } from '../../../../reconcilers/host/first-host-key.ts';
import { filesOf } from '../../../../reconcilers/host/files.ts';
import { createHostReconciler } from '../../../../reconcilers/host/reconcile.ts';
import { createProbeResults } from '../../../../reconcilers/probe/results.ts';
import type { ProbeSection } from '../../../../reconcilers/probe/section.ts';
import { PROBE_SECTIONS } from '../../../../reconcilers/probe/sections.ts';
import { HOST } from '../../../../reconcilers/host/concern.ts';
import { aDroplet, aProject, activeStatus } from '../../../builders/objects.ts';
import { aMachine, fakeSshHosts, type FakeMachine } from '../../../fakes/ssh-hosts.ts';
import { createRig } from '../reconcile-rig.ts';

export const KEY = 'default/shop-master';
export const FIRST = fingerprintOf(Buffer.from('first'));
export const SECOND = fingerprintOf(Buffer.from('second'));
const PRIVATE_KEY = { reveal: () => 'the private key of the fleet' };
const OWN = firstHostKey({ privateKey: PRIVATE_KEY }, 'nonce7').publicKey;
/** The host key that stands in the user data of the server of `startHost`, and its fingerprint. */
export const USER_DATA_KEY = Buffer.from(OWN.split(' ')[1]!, 'base64');
export const USER_DATA_PIN = fingerprintOfLine(OWN);
const ADDRESS = '203.0.113.7';

/** The operator's way to fake hosts. */
export function fakeHosts() {
  const ssh = fakeSshHosts();
  const hosts: Hosts = {
    ssh,
    port: 22,
    privateKey: PRIVATE_KEY,
    publicKey: 'ssh-ed25519 AAAA fleet',
    engine: 'docker',
    timings: HOST.timings,
    sections: PROBE_SECTIONS,
    probes: createProbeResults({ monotonic: () => 0 }),
    random: () => 0.5,
  };
  return { ssh, hosts };
}

/** A machine that was brought up to what dropfleet wants. */
export const aConfiguredMachine = (parts: Partial<FakeMachine> = {}): FakeMachine =>
  aMachine({
    hasSwap: true,
    isMetadataClosed: true,
    files: new Map(filesOf({ role: 'master', engine: 'docker' }).map(file => [file.path, file.content])),
    ...parts,
  });

/** A Droplet whose server runs, and its machine, reconciled by hand. */
export function startHost(
  machine: FakeMachine | undefined,
  parts: {
    status?: DropletStatus;
    annotations?: Record<string, string>;
    pinned?: string | undefined;
    /** Beside those of every host. */
    sections?: ProbeSection<unknown>[];
  } = {},
  project = aProject('shop'),
) {
  const { status = {}, annotations = {}, sections = [] } = parts;
  const pinned = 'pinned' in parts ? parts.pinned : FIRST;
  const { conditions: _unknown, ...active } = activeStatus(7);
  const provisioned = activeStatus(7).conditions!.filter(({ type }) => type === 'Provisioned');
  const droplet = aDroplet('shop-master', {
    metadata: { annotations },
    status: {
      ...active,
      ...(pinned !== undefined && { hostKeyFingerprint: pinned }),
      conditions: provisioned,
      ...status,
    },
  });
  const rig = createRig([project, droplet]);
  const { ssh, hosts: fakes } = fakeHosts();
  const hosts: Hosts = { ...fakes, sections: [...PROBE_SECTIONS, ...sections] };
  if (machine !== undefined) ssh.machines.set(ADDRESS, machine);
  const context: Context = { ...rig.context, hosts };
  const reconciler = createHostReconciler(context, hosts);
  const stored = (): Droplet => rig.client.stored(DROPLETS, KEY)!;
  const condition = (type: string) => findCondition(stored().status?.conditions, type);
  return {
    ...rig,
    ssh,
    hosts,
    context,
    stored,
    condition,
    reconcile: () => reconciler(KEY, stored(), rig.run),
  };
}
