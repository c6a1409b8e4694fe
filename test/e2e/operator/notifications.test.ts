import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createMailer } from '../../../clients/mail/mail.ts';
import { sendSms } from '../../../clients/sms/sms.ts';
import { postWebhook } from '../../../clients/webhook/webhook.ts';
import { describeOnApiServers } from '../../environment/api-server.ts';
import { startMessageServer } from '../../environment/message-server.ts';
import { openOperatorWorld } from '../../environment/operator-world.ts';

describeOnApiServers('an operator that is to tell people', server => {
  it('says what the gate holds as soon as a file names whom', async () => {
    const world = await openOperatorWorld(server());
    const hooks = await startMessageServer();
    const folder = await mkdtemp(join(tmpdir(), 'dropfleet-notify-'));
    const files = {
      email: join(folder, 'email'),
      sms: join(folder, 'sms'),
      webhook: join(folder, 'webhook'),
    };
    const transports = { mail: createMailer(), sms: sendSms, webhook: postWebhook };
    try {
      world.startOperator({ notifications: { files, transports } });
      await world.writeCsv('shop,5,s-1vcpu-1gb,s-1vcpu-1gb');
      await world.untilReady('shop', 5);
      await world.writeCsv('shop,1,s-1vcpu-1gb,s-1vcpu-1gb');
      await world.until('the hold', () => world.held('shop') !== undefined);
      expect(hooks.posts).to.deep.equal([]);
      await writeFile(files.webhook, JSON.stringify({ url: `${hooks.url}/hook` }));
      await hooks.received(1);
      const said = hooks.posts.map(({ body }) => (JSON.parse(body) as { subject: string }).subject);
      expect(said).to.deep.equal(['dropfleet test: Held: shop']);
    } finally {
      await world.close();
      await hooks.close();
      await rm(folder, { recursive: true });
    }
  });
});
