import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a server on loopback that can be shut: then nothing gets through, as when a network fails. */
export interface Gate {
  /** Takes the server's place; stays the same. */
  readonly port: number;
  /** Cuts every connection and refuses new ones. */
  shut(): Promise<void>;
  open(): Promise<void>;
}

/** An open gate to 127.0.0.1:`target`. Shut it when it is not needed any more. */
export async function openGate(target: number): Promise<Gate> {
  const sockets = new Set<Socket>();
  let server = await listen(target, 0, sockets);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async shut() {
      const closed = server.listening ? once(server, 'close') : undefined;
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    async open() {
      server = await listen(target, port, sockets);
    },
  };
}

async function listen(target: number, port: number, sockets: Set<Socket>): Promise<Server> {
  const server = createServer(near => {
    const far = connect(target, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      // Its close is what matters.
      socket.on('error', () => socket.destroy());
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
