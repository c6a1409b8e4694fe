import { createServer, type Server, type Socket } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import { containerListener } from './containers/app.ts';
import { HostError, type HostSpec } from '../driver.ts';
import type { Machine } from './model.ts';
import { createFaults, type Faults } from './network/faults.ts';
import { passes } from './network/firewall.ts';
import { pump } from './network/pump.ts';
import type { Origin } from './ssh/sshd.ts';

/** Takes a connection to a port of the machine. */
export type Listener = (stream: Duplex, origin: Origin) => void;

/** A machine with its power switch, its faults and its place in the network. */
export interface Host {
  readonly id: number;
  readonly machine: Machine;
  readonly faults: Faults;
  /** By port: what the running services answer. */
  readonly listeners: Map<number, Listener>;
  /** By port: what running services answer to the machine itself and those of its network, and to no other. */
  readonly inside: Map<number, Listener>;
  isOn(): boolean;
  /** Whether its firewall lets a connection in from that address. */
  letsIn(port: number, address: string): boolean;
  /**
   * Gives a connection to the service at `port`; whether there is one. `address` is which of the machine's it was made
   * to, and undefined from outside: then the firewall is asked first.
   */
  accept(port: number, stream: Duplex, origin: Origin, address: string | undefined): boolean;
  /** Aborted when the power goes. */
  signal(): AbortSignal;
  /** Switches the power on and resolves when its ports answer on loopback. */
  open(): Promise<void>;
  /** Switches it off. After a crash, connections stay and are silent, as with any machine that is suddenly gone. */
  shut(how: 'graceful' | 'crash'): Promise<void>;
  /** Listens on the addresses and ports that it should have by now. */
  listen(): Promise<void>;
}

export interface HostParts {
  readonly machine: Machine;
  /** The port on loopback that stands for one of the machine's. */
  readonly outsidePort: (port: number) => number;
  readonly sshPort: number;
}

export function createHost({ machine, outsidePort, sshPort }: HostParts): Host {
  const faults = createFaults();
  const listeners = new Map<number, Listener>();
  const inside = new Map<number, Listener>();
  const sockets = new Set<Socket>();
  const servers = new Map<string, Server>();
  const insides = new Set<Duplex>();
  let power: AbortController | undefined;

  const host: Host = {
    id: machine.spec.id,
    machine,
    faults,
    listeners,
    inside,
    isOn: () => power !== undefined,
    signal: () => power?.signal ?? AbortSignal.abort(),
    letsIn(port, address) {
      const rules = machine.spec.firewall?.inbound;
      // At DigitalOcean sshd is at port 22; a rule for it means the port that stands for it here.
      const isSsh = port === sshPort && rules !== undefined && passes(rules, 22, address);
      return rules === undefined || isSsh || passes(rules, port, address);
    },
    accept(port, stream, origin, address) {
      if (power === undefined) return false;
      const within = (): Listener | undefined =>
        address === undefined ? undefined : (inside.get(port) ?? containerListener(machine, address, port));
      const listener = listeners.get(port) ?? within();
      if (listener === undefined) return false;
      if (address === undefined && !host.letsIn(port, origin.address)) return false;
      insides.add(stream);
      stream.once('close', () => insides.delete(stream));
      listener(stream, origin);
      return true;
    },
    async open() {
      power ??= new AbortController();
      // Whoever still speaks to the machine of before is told by its kernel that it knows nothing of it.
      for (const socket of sockets) socket.destroy();
      await host.listen();
    },
    async shut(how) {
      power?.abort();
      power = undefined;
      listeners.clear();
      inside.clear();
      for (const stream of insides) stream.destroy();
      if (how === 'graceful') for (const socket of sockets) socket.destroy();
      await Promise.all([...servers.keys()].map(unlisten));
    },
    async listen() {
      // A service that comes up while the power goes would listen for ever.
      const addresses = power === undefined ? [] : wantedAddresses(machine.spec);
      const wanted = new Set(
        addresses.flatMap(address => [...listeners.keys()].map(port => `${address} ${port}`)),
      );
      for (const place of servers.keys()) if (!wanted.has(place)) await unlisten(place);
      await Promise.all([...wanted].filter(place => !servers.has(place)).map(startListening));
    },
  };

  async function startListening(place: string): Promise<void> {
    const [address, port] = place.split(' ') as [string, string];
    const server = createServer({ allowHalfOpen: true }, socket => welcome(socket, Number(port)));
    servers.set(place, server);
    try {
      await listenOn(server, address, outsidePort(Number(port)));
    } catch (error) {
      servers.delete(place);
      throw cannotListen(error, address, outsidePort(Number(port)));
    }
  }

  async function unlisten(place: string): Promise<void> {
    const server = servers.get(place);
    servers.delete(place);
    await new Promise<void>(resolve => {
      server?.close();
      resolve();
    });
  }

  function welcome(socket: Socket, port: number): void {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    socket.setNoDelay();
    const origin = { address: socket.remoteAddress ?? '127.0.0.1', port: socket.remotePort ?? 0 };
    const [outer, inner] = duplexPair();
    // A firewall drops silently; loopback has taken the connection already, so all it can be is mute.
    if (!host.accept(port, inner, origin, undefined)) return void socket.resume();
    const way = (direction: 'incoming' | 'outgoing') => ({
      clock: machine.clock,
      random: machine.random,
      conditions: () => faults.conditions('operator', direction),
      changed: () => faults.changed(),
    });
    pump(socket, outer, way('incoming'));
    pump(outer, socket, way('outgoing'));
  }

  return host;
}

const wantedAddresses = ({ addresses }: HostSpec): string[] =>
  addresses.reserved === undefined ? [addresses.public] : [addresses.public, addresses.reserved];

function listenOn(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function cannotListen(error: unknown, address: string, port: number): HostError {
  const { code } = error as NodeJS.ErrnoException;
  const reason =
    code === 'EADDRINUSE'
      ? 'another process has that port; stop it'
      : `the system says ${code}; choose other hosts with --hosts`;
  return new HostError(`An emulated host cannot listen on ${address}:${port}: ${reason}.`, { cause: error });
}
