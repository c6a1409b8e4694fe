import { expect } from 'chai';
import type { Cloud } from '../../../../clients/digitalocean/cloud.ts';
import type { Doubt } from '../../../../reconcilers/gate/effect.ts';
import { guardedCloud } from '../../../../reconcilers/gate/guarded-cloud.ts';
import { FLEET_TAKEN } from '../../../../reconcilers/gate/policy.ts';
import { isWaiting } from '../../../../reconcilers/outcome.ts';
import { rejection } from '../../../fakes/rejection.ts';

/** Every method of Cloud, and what it is: one that is new does not compile before it is said here. */
const METHODS: Record<keyof Cloud, 'reads' | 'changes' | 'takes over'> = {
  getAccount: 'reads',
  listDroplets: 'reads',
  getDroplet: 'reads',
  createDroplet: 'changes',
  deleteDroplet: 'changes',
  shutdownDroplet: 'changes',
  powerOffDroplet: 'changes',
  powerOnDroplet: 'changes',
  powerCycleDroplet: 'changes',
  resizeDroplet: 'changes',
  snapshotDroplet: 'changes',
  getAction: 'reads',
  listSizes: 'reads',
  listKeys: 'reads',
  createKey: 'changes',
  deleteKey: 'changes',
  listFirewalls: 'reads',
  createFirewall: 'changes',
  updateFirewall: 'changes',
  deleteFirewall: 'changes',
  createTag: 'takes over',
  tagDroplet: 'takes over',
  untagDroplet: 'takes over',
  tagSnapshot: 'changes',
  listSnapshots: 'reads',
  deleteSnapshot: 'changes',
  listVolumes: 'reads',
  createVolume: 'changes',
  attachVolume: 'changes',
  detachVolume: 'changes',
  resizeVolume: 'changes',
  tagVolume: 'changes',
  untagVolume: 'changes',
  deleteVolume: 'changes',
  listReservedIPs: 'reads',
  createReservedIP: 'changes',
  assignReservedIP: 'changes',
  deleteReservedIP: 'changes',
};
const names = (kind: string): (keyof Cloud)[] =>
  (Object.keys(METHODS) as (keyof Cloud)[]).filter(name => METHODS[name] === kind);

/** A cloud of which every method says its name and what it was given. */
const aCloud = (): Cloud =>
  Object.fromEntries(
    Object.keys(METHODS).map(name => [name, (...args: unknown[]) => Promise.resolve([name, ...args])]),
  ) as never;

function start(problem?: Doubt) {
  const signals: AbortSignal[] = [];
  const standing = {
    problem: (signal: AbortSignal) => {
      signals.push(signal);
      return Promise.resolve(problem);
    },
  };
  const cloud = guardedCloud(aCloud(), standing) as never as Record<
    keyof Cloud,
    (...args: unknown[]) => Promise<unknown>
  >;
  return { cloud, signals };
}

describe('A guarded cloud', () => {
  const changed = { reason: 'AccountChanged', message: 'another account' };
  const taken = { reason: FLEET_TAKEN, message: 'another API' };

  it('passes everything on, arguments and all, while the standing is in no doubt', async () => {
    const { cloud } = start();
    for (const name of Object.keys(METHODS) as (keyof Cloud)[])
      expect(await cloud[name](7, 'x')).to.deep.equal([name, 7, 'x']);
  });

  it('reads whatever the standing is, and asks for it not even', async () => {
    const { cloud, signals } = start(changed);
    for (const name of names('reads')) expect(await cloud[name](7)).to.deep.equal([name, 7]);
    expect(signals).to.deep.equal([]);
  });

  for (const name of [...names('changes'), ...names('takes over')])
    it(`waits with ${name} while the standing is in doubt`, async () => {
      const failure = await rejection(start(changed).cloud[name](7));
      expect(isWaiting(failure)).to.equal(true);
      expect(failure.message).to.equal('another account');
    });

  it('lets tags alone be changed while another API has the fleet', async () => {
    const { cloud } = start(taken);
    for (const name of names('takes over')) expect(await cloud[name](7)).to.deep.equal([name, 7]);
    for (const name of names('changes')) expect(isWaiting(await rejection(cloud[name](7)))).to.equal(true);
  });

  it('asks for the standing with the signal of the call, and makes none when that cannot be known', async () => {
    const { cloud, signals } = start();
    const { signal } = new AbortController();
    await cloud.deleteDroplet(7, signal);
    expect(signals).to.deep.equal([signal]);
    const calls: unknown[] = [];
    const unknown = guardedCloud(
      { ...aCloud(), deleteDroplet: (...args) => Promise.resolve(void calls.push(args)) },
      { problem: () => Promise.reject(new Error('no route')) },
    );
    expect((await rejection(unknown.deleteDroplet(7))).message).to.equal('no route');
    expect(calls).to.deep.equal([]);
  });
});
