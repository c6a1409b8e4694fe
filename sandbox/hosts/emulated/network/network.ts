import { duplexPair, type Duplex } from 'node:stream';
import { sleep, type Clock } from '../clock.ts';
import type { Host } from '../host.ts';
import { joined } from './faults.ts';
import { passes } from './firewall.ts';
import { pump, type Way } from './pump.ts';

/** How the machines reach each other: all in this process, by public, private and reserved addresses. */
export interface Network {
  readonly hosts: Map<number, Host>;
  /**
   * Opens a TCP connection from one machine to an address. Rejects when it is refused at once, and only after
   * Linux' own timeout when nobody answers or a firewall drops it.
   */
  connect(from: Host, address: string, port: number, signal: AbortSignal): Promise<Duplex>;
}

/** How long Linux tries: 6 retries of a SYN, in milliseconds. */
const CONNECT_TIMEOUT_MS = 127_000;

/** A connection could not be made; the message is the C library's. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}

export function createNetwork(clock: Clock, random: () => number): Network {
  const hosts = new Map<number, Host>();

  function find(from: Host, address: string): Host | undefined {
    for (const host of hosts.values()) {
      const { public: own, reserved, private: inside, privateRange } = host.machine.spec.addresses;
      if (address === own || address === reserved) return host;
      if (address === inside && privateRange === from.machine.spec.addresses.privateRange) return host;
    }
    return undefined;
  }

  async function connect(from: Host, address: string, port: number, signal: AbortSignal): Promise<Duplex> {
    const to = isOwn(from, address) ? from : find(from, address);
    const source = sourceAddress(from, to, address);
    if (to === undefined || !to.isOn() || !passesFirewalls(from, to, source, address, port)) {
      await sleep(clock, CONNECT_TIMEOUT_MS, signal);
      throw new ConnectionError('Connection timed out');
    }
    await untilJoined(from, to, signal);
    const [near, far] = duplexPair();
    const [inner, outer] = duplexPair();
    // A stopped machine's kernel still takes connections; only what is behind them does not answer.
    if (!to.accept(port, outer, { address: source, port: ephemeralPort(random) }, address))
      throw new ConnectionError('Connection refused');
    pump(far, inner, wayBetween(from, to));
    pump(inner, far, wayBetween(to, from));
    return near;
  }

  /** A SYN that a cut swallows is sent again until it is through, or Linux gives up. */
  async function untilJoined(from: Host, to: Host, signal: AbortSignal): Promise<void> {
    const isCut = (): boolean => from.faults.isCutFrom(to.id) || to.faults.isCutFrom(from.id);
    if (from === to || !isCut()) return;
    const isOver = new AbortController();
    const givenUp = sleep(clock, CONNECT_TIMEOUT_MS, AbortSignal.any([signal, isOver.signal])).then(
      () => true,
    );
    while (isCut()) {
      const changed = Promise.race([from.faults.changed(), to.faults.changed()]).then(() => false);
      if (await Promise.race([changed, givenUp])) throw new ConnectionError('Connection timed out');
    }
    isOver.abort();
  }

  function wayBetween(from: Host, to: Host): Way {
    const conditions =
      from === to
        ? () => from.faults.conditions(from.id, 'outgoing')
        : () => joined(from.faults.conditions(to.id, 'outgoing'), to.faults.conditions(from.id, 'incoming'));
    return {
      clock,
      random,
      conditions,
      changed: () => Promise.race([from.faults.changed(), to.faults.changed()]),
    };
  }

  return { hosts, connect };
}

const isOwn = (host: Host, address: string): boolean => {
  const { spec, system } = host.machine;
  const { public: outside, private: inside } = spec.addresses;
  return ['127.0.0.1', 'localhost', '::1', outside, inside, ...(system.loopback ?? [])].includes(address);
};

function sourceAddress(from: Host, to: Host | undefined, address: string): string {
  const { addresses } = from.machine.spec;
  if (to === from) return address === 'localhost' ? '127.0.0.1' : address;
  return address === to?.machine.spec.addresses.private ? addresses.private : addresses.public;
}

function passesFirewalls(from: Host, to: Host, source: string, address: string, port: number): boolean {
  if (from === to) return true;
  const { firewall } = from.machine.spec;
  return (firewall === undefined || passes(firewall.outbound, port, address)) && to.letsIn(port, source);
}

/** Of Linux' range. */
const ephemeralPort = (random: () => number): number => 32_768 + Math.floor(random() * 28_232);
