import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { findOperatorAddress } from '../../../cli/world/operator-address.ts';
import { loadEnvironment } from '../../../config/environment.ts';
import { rejection } from '../../fakes/rejection.ts';
import { scriptedServer, type ScriptedServer } from '../clients/digitalocean/scripted-server.ts';

const signal = new AbortController().signal;

describe("The operator's own address", () => {
  let folder: string;
  let echo: ScriptedServer;
  let answer: { status: number; text: string };

  const find = (
    env: Record<string, string> = {},
    cloudUrl = 'https://api.digitalocean.com',
    readOnly = false,
  ) =>
    findOperatorAddress(
      {
        settings: loadEnvironment({ env: { DROPFLEET_ECHO_URLS: echo.url, ...env } }).settings,
        cloudKind: 'digitalocean',
        cloudUrl,
        folder,
        readOnly,
      },
      signal,
    );

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dropfleet-address-'));
    answer = { status: 200, text: '203.0.113.50\n' };
    echo = await scriptedServer(() => answer);
  });
  afterEach(async () => {
    await echo.close();
    await rm(folder, { recursive: true });
  });

  it('is what an echo service says, asked again each time', async () => {
    expect(await find()).to.equal('203.0.113.50');
    answer = { status: 200, text: '203.0.113.51' };
    expect(await find()).to.equal('203.0.113.51');
  });

  it('is what it was lately when nobody can say, and unknown when that was never found out', async () => {
    answer = { status: 503, text: '203.0.113.52' };
    expect((await rejection(find())).message).to.match(/set DROPFLEET_OPERATOR_IP/);
    answer = { status: 200, text: '203.0.113.50' };
    await find();
    answer = { status: 503, text: '203.0.113.52' };
    expect(await find()).to.equal('203.0.113.50');
  });

  it('is not written down by a command that only reads', async () => {
    expect(await find({}, undefined, true)).to.equal('203.0.113.50');
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('is not what it was long ago', async () => {
    const found = { address: '203.0.113.50', foundAt: '2020-01-01T00:00:00Z' };
    await writeFile(join(folder, 'operator-address.json'), JSON.stringify(found));
    answer = { status: 503, text: '' };
    await rejection(find());
  });

  it('is what it is told to be, and then nobody is asked', async () => {
    expect(await find({ DROPFLEET_OPERATOR_IP: '198.51.100.7' })).to.equal('198.51.100.7');
    expect(echo.received).to.have.length(0);
  });

  it('is what a sandbox says of its machines, and then no internet is asked', async () => {
    const sandbox = await scriptedServer(() => ({ status: 200, json: { operator_address: '198.18.0.1' } }));
    const none = await scriptedServer(() => ({ status: 409, json: { message: 'no machines' } }));
    try {
      expect(await find({}, sandbox.url)).to.equal('198.18.0.1');
      expect(await find({}, none.url)).to.equal('127.0.0.1');
      expect(echo.received).to.have.length(0);
    } finally {
      await sandbox.close();
      await none.close();
    }
  });
});
