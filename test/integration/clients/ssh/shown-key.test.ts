import { expect } from 'chai';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import ssh2, { type Server } from 'ssh2';
import { systemClock } from '../../../../clients/clock.ts';
import { isUnreachable } from '../../../../clients/ssh/errors.ts';
import { fingerprintOfLine } from '../../../../clients/ssh/fingerprint.ts';
import { generateKeyPair, type SshKeyPair } from '../../../../clients/ssh/key-pair.ts';
import { shownHostKey } from '../../../../clients/ssh/shown-key.ts';
import { rejection } from '../../../fakes/rejection.ts';

describe('The SSH host key that a host shows', () => {
  let server: Server;
  let hostPair: SshKeyPair;
  const users: string[] = [];
  const ended: Promise<unknown>[] = [];
  const ask = async () => {
    const { privateKey } = await generateKeyPair('login');
    const { port } = server.address() as AddressInfo;
    return await shownHostKey(
      { address: '127.0.0.1', port, privateKey: { reveal: () => privateKey } },
      systemClock,
    );
  };

  before(async () => {
    hostPair = await generateKeyPair('host');
    server = new ssh2.Server({ hostKeys: [hostPair.privateKey] }, client => {
      client.on('authentication', context => {
        users.push(context.username);
        context.reject();
      });
      client.on('error', () => undefined);
      ended.push(new Promise<void>(resolve => client.once('close', resolve)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => void server.close());

  it('is told to whoever asks, and the host is not even told a user name', async () => {
    expect(await ask()).to.equal(fingerprintOfLine(hostPair.publicKey));
    await Promise.all(ended);
    expect(ended).to.have.length(1);
    expect(users).to.deep.equal([]);
  });

  it('is not known of a host that does not answer', async () => {
    const { port } = server.address() as AddressInfo;
    server.close();
    const { privateKey } = await generateKeyPair('login');
    const place = { address: '127.0.0.1', port, privateKey: { reveal: () => privateKey } };
    expect(isUnreachable(await rejection(shownHostKey(place, systemClock)))).to.equal(true);
  });
});
