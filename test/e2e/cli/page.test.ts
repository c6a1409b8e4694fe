import axe from 'axe-core';
import { expect } from 'chai';
import { request } from 'node:http';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { systemClock } from '../../../clients/clock.ts';
import type { KubernetesClient } from '../../../clients/kubernetes/client.ts';
import { createKubernetesClient } from '../../../clients/kubernetes/http-client.ts';
import { DROPLETS, EVENTS, LEASES } from '../../../clients/kubernetes/kinds.ts';
import { loadConnection } from '../../../clients/kubernetes/kubeconfig.ts';
import { voteLease } from '../../../reconcilers/health/vote.ts';
import {
  openWorkplace,
  startDropfleet,
  type RunningCommand,
  type Workplace,
} from '../../environment/dropfleet.ts';

/** Debian's. A person without it runs the other tests; CI has it. */
const CHROMIUM = '/usr/bin/chromium';
const HOSTILE = '<img src=x onerror="document.title=1"></li>&lt;';

describe('The page of dropfleet up', () => {
  let place: Workplace;
  let daemon: RunningCommand;
  let url: string;
  let browser: Browser;
  let kubernetes: KubernetesClient;
  let page: Page;
  let complaints: string[];

  before(async () => {
    place = await openWorkplace(['blog,1,,', 'shop,2,,']);
    daemon = startDropfleet(place, 'up', '--boot-delay', '200ms');
    url = (await daemon.says(/^Page +(\S+)$/m))[1]!;
    await daemon.says(/^3 of 3 droplets Ready/m);
    const kubeconfig = place.path('.dropfleet', 'sandbox', 'kubernetes', 'kubeconfig');
    kubernetes = createKubernetesClient(await loadConnection({ kubeconfig, env: {} }), {
      clock: systemClock,
    });
    // A container's /dev/shm is small, and its root has no sandbox.
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    });
  });
  after(async () => {
    await browser?.close();
    await daemon.stop('SIGKILL');
    await place.remove();
  });

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const opened = await (await browser.newContext(options)).newPage();
    opened.on('console', message => void complaints.push(message.text()));
    opened.on('pageerror', error => void complaints.push(error.message));
    await opened.goto(url);
    await opened.getByRole('heading', { name: /^shop/ }).waitFor();
    return opened;
  }

  beforeEach(() => void (complaints = []));
  afterEach(async () => {
    await page?.context().close();
    expect(complaints).to.deep.equal([]);
  });

  it('shows what there is in less than 100 KB, all of it from here', async () => {
    let bytes = 0;
    const context = await browser.newContext();
    page = await context.newPage();
    const origins = new Set<string>();
    page.on('response', response => {
      origins.add(new URL(response.url()).origin);
      if (!response.url().endsWith('/stream')) void response.body().then(body => (bytes += body.length));
    });
    await page.goto(url);
    await page.getByText('All is well: 3 of 3 droplets Ready').waitFor();
    expect(await page.getByRole('row').filter({ hasText: 'Healthy' }).count()).to.equal(3);
    const fleet = await (await fetch(new URL('fleet', url))).text();
    expect([...origins]).to.deep.equal([new URL(url).origin]);
    expect(bytes + fleet.length).to.be.within(10_000, 100_000);
  });

  it('shows a new web without being loaded again', async () => {
    page = await open();
    await page.evaluate("document.body.setAttribute('data-mark', 'same')");
    await place.writeCsv('blog,1,,', 'shop,3,,');
    const web = page.getByRole('rowheader', { name: 'web2' });
    await web.waitFor();
    await page.getByText('All is well: 4 of 4 droplets Ready').waitFor();
    expect(await page.locator('body').getAttribute('data-mark')).to.equal('same');
  });

  it('draws who votes against whom, and says it to who does not see it', async () => {
    page = await open();
    const web = await kubernetes.get(DROPLETS, 'default/shop-web1');
    const now = Date.now();
    const subject = { target: 'default/shop-web1', project: 'shop', dropletID: web.status!.server!.id! };
    const vote = { ...subject, observer: 'shop-master', failingSince: now, renewedAt: now, flaps: 0 };
    expect(await page.locator('svg .votes').count()).to.equal(0);
    await kubernetes.create(LEASES, voteLease(vote, 'default', web));
    await page.locator('svg .votes').waitFor({ state: 'attached' });
    await page.getByText(/^shop-web1 suspected by shop-master for \d+ s$/).waitFor();
    await page.getByRole('img', { name: /shop-master cannot reach shop-web1/ }).waitFor();
    await page.getByRole('img', { name: /shop-web1 watches .*shop-master/ }).waitFor();
  });

  it('shows text from elsewhere as text', async () => {
    page = await open();
    const at = new Date().toISOString().replace(/\.\d+/, '');
    await kubernetes.create(EVENTS, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'hostile', namespace: 'default' },
      involvedObject: { apiVersion: 'v1', kind: 'Droplet', name: HOSTILE, namespace: 'default' },
      type: 'Warning',
      reason: HOSTILE,
      message: HOSTILE,
      source: { component: 'dropfleet' },
      reportingComponent: 'dropfleet',
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    });
    await page.locator('.reason', { hasText: HOSTILE }).waitFor();
    expect(await page.locator('img').count()).to.equal(0);
  });

  for (const [where, options] of [
    ['in light', { colorScheme: 'light' }],
    ['in dark', { colorScheme: 'dark' }],
    ['on a phone', { viewport: { width: 360, height: 740 }, colorScheme: 'dark' }],
  ] as const)
    it(`gives axe nothing to find ${where}, and fits its window`, async () => {
      page = await open(options);
      // By the debugger: the page itself lets no script of another in.
      await page.evaluate(axe.source);
      const found = await page.evaluate(
        'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`))',
      );
      expect(found).to.deep.equal([]);
      const root = 'document.documentElement';
      const [content, window] = await page.evaluate<number[]>(`[${root}.scrollWidth, ${root}.clientWidth]`);
      expect(content).to.equal(window);
    });

  it('is not for a page of another site, nor under a name that leads here', async () => {
    const status = (headers: Record<string, string>): Promise<number> =>
      new Promise((resolve, reject) => {
        request(new URL('fleet', url), { headers }, response => {
          response.resume();
          resolve(response.statusCode!);
        })
          .once('error', reject)
          .end();
      });
    expect(await status({})).to.equal(200);
    expect(await status({ host: 'rebound.example' })).to.equal(403);
    expect(await status({ origin: 'https://evil.example' })).to.equal(403);
    expect(await status({ 'x-forwarded-for': '203.0.113.9' })).to.equal(403);
  });

  it('says that it is old when dropfleet has stopped, and goes on showing what it knew', async () => {
    page = await open();
    await daemon.stop();
    await page.getByText('The connection is lost').waitFor();
    expect(await page.getByRole('heading', { name: /^shop/ }).count()).to.equal(1);
    // The browser says of each attempt that nobody answers.
    complaints = complaints.filter(text => !text.includes('ERR_'));
  });
});
