import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { expect } from 'chai';
import { openWorkplace, runDropfleet, type Workplace } from '../../environment/dropfleet.ts';

describe('A port that is asked for by name and taken', () => {
  let place: Workplace;
  let other: Server;
  let port: number;

  before(async () => {
    place = await openWorkplace(['blog,1,,']);
    other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    ({ port } = other.address() as AddressInfo);
  });
  after(async () => {
    other.close();
    await place.remove();
  });

  for (const command of [
    ['sandbox', '--hosts', 'emulated', '--port'],
    ['standalone', '--port'],
    ['up', '--http-port'],
  ])
    it(`ends ${command.join(' ')} with a sentence`, async () => {
      const { code, stdout, stderr } = await runDropfleet(place, ...command, `${port}`);
      expect(stderr).to.match(new RegExp(`^dropfleet: .*\\b${port}\\b.*(taken|another program).*\\n$`));
      expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
    });
});
