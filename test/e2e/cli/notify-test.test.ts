import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { openWorkplace, runDropfleet, type Workplace } from '../../environment/dropfleet.ts';
import { refusal, startMessageServer, type MessageServer } from '../../environment/message-server.ts';

const TOKEN = 'canary-t0ken';

describe('dropfleet notify test', () => {
  let place: Workplace;
  let server: MessageServer;

  before(async () => {
    place = await openWorkplace(['shop,1,,'], { SID: 'AC0' });
    server = await startMessageServer();
  });
  after(async () => {
    await server.close();
    await place.remove();
  });

  it('says what to fill in while nobody is told', async () => {
    const { code, stderr } = await runDropfleet(place, 'notify', 'test');
    expect(code).to.equal(1);
    expect(stderr).to.match(
      /^dropfleet: nobody is told anything: fill in recipients in config\/email_config\.json/,
    );
  });

  it('says what is not set, as status does before anything has to be sent', async () => {
    const sms = {
      provider: 'twilio',
      from: '+15005550006',
      recipients: ['+15005550009'],
      account_sid_env: 'SID',
      auth_token_env: 'TOKEN',
      api_url: server.url,
    };
    await writeFile(place.path('config', 'sms_config.json'), JSON.stringify(sms));
    const tried = await runDropfleet(place, 'notify', 'test');
    expect([tried.code, server.posts.length]).to.deep.equal([1, 0]);
    expect(tried.stdout).to.match(/^SMS to \.\.\.0009 +failed +TOKEN is not set; put it into \.env/m);
    const { stdout } = await runDropfleet(place, 'status');
    expect(stdout).to.contain('config/sms_config.json: TOKEN is not set, so nothing can be sent this way');
  });

  it('sends by each way, and says of each how it fared, without a secret', async () => {
    place.env['TOKEN'] = TOKEN;
    await writeFile(
      place.path('config', 'webhook_config.json'),
      JSON.stringify({ url: `${server.url}/hook`, template: 'alertmanager' }),
    );
    server.answer(path =>
      path === '/hook' ? { status: 200, body: '' } : refusal(401, 20003, `no ${TOKEN}`),
    );
    const { code, stdout, stderr } = await runDropfleet(place, 'notify', 'test', '--output', 'json');
    expect(code).to.equal(1);
    const { trials } = JSON.parse(stdout) as { trials: { route: string; ok: boolean }[] };
    expect(trials.map(({ route, ok }) => [route, ok])).to.deep.equal([
      ['SMS to ...0009', false],
      ['webhook (alertmanager)', true],
    ]);
    expect(stdout + stderr).not.to.contain(TOKEN);
    server.answer();
    expect((await runDropfleet(place, 'notify', 'test')).code).to.equal(0);
    const alerts = server.posts.findLast(({ path }) => path === '/hook')!;
    const [{ labels }] = JSON.parse(alerts.body) as [{ labels: object }];
    expect(labels).to.include({ test: 'true' });
  });
});
