import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { expect } from 'chai';
import { anything, assert, asyncProperty, constantFrom, oneof, string } from 'fast-check';
import { KubeconfigError } from '../../../../clients/kubernetes/kubeconfig-file.ts';
import { loadConnection, type Connection } from '../../../../clients/kubernetes/kubeconfig.ts';
import { changed, pathsOf } from '../../../builders/mutants.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';
import { rejection } from '../../../fakes/rejection.ts';

const CA = rootCertificates[0]!;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

interface Parts {
  name?: string;
  cluster?: object;
  user?: object;
  context?: object;
}

/** A kubeconfig of one context; YAML takes JSON. */
const kubeconfig = ({ name = 'test', cluster, user, context }: Parts = {}): string =>
  JSON.stringify({
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name, ...context } }],
    clusters: [{ name, cluster: { server: `https://${name}.example:6443`, ...cluster } }],
    users: [{ name, user: { token: 'hunter2', ...user } }],
  });

describe('loadConnection', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'))));
  afterEach(() => rm(folder, { recursive: true }));

  const write = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text);
    return path;
  };
  const load = async (parts: Parts, env: NodeJS.ProcessEnv = {}): Promise<Connection> =>
    loadConnection({ kubeconfig: await write('config', kubeconfig(parts)), env });
  const headersOf = async (user: object): Promise<Record<string, string>> =>
    (await (await load({ user: { token: undefined, ...user } })).credentials.current()).headers;
  const complaint = async (connection: Promise<unknown>): Promise<string> => {
    const error = await rejection(connection);
    expect(error).to.be.instanceOf(KubeconfigError);
    return error.message;
  };

  describe('where it looks', () => {
    const pod = async (): Promise<string> => {
      await write('sa/ca.crt', CA);
      await write('sa/token', 'pod token\n');
      await write('sa/namespace', 'fleet\n');
      return join(folder, 'sa');
    };
    const IN_POD = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };

    it('takes the named file before $KUBECONFIG, that before the pod, and that before ~/.kube/config', async () => {
      const named = await write('named', kubeconfig({ name: 'named' }));
      const listed = await write('listed', kubeconfig({ name: 'listed' }));
      await write('.kube/config', kubeconfig({ name: 'home' }));
      const serviceAccountFolder = await pod();
      const HOME = folder;
      const servers = await Promise.all([
        loadConnection({
          kubeconfig: named,
          env: { KUBECONFIG: listed, ...IN_POD, HOME },
          serviceAccountFolder,
        }),
        loadConnection({ env: { KUBECONFIG: listed, ...IN_POD, HOME }, serviceAccountFolder }),
        loadConnection({ env: { ...IN_POD, HOME }, serviceAccountFolder }),
        loadConnection({ env: { HOME }, serviceAccountFolder }),
      ]);
      expect(servers.map(({ server }) => server)).to.deep.equal([
        'https://named.example:6443',
        'https://listed.example:6443',
        'https://[fd00::1]:443',
        'https://home.example:6443',
      ]);
    });

    it('says what to do when there is nothing', async () => {
      expect(await complaint(loadConnection({ env: { HOME: folder } }))).to.equal(
        `no Kubernetes API to speak to: give --kubeconfig FILE, or set KUBECONFIG; ${folder}/.kube/config does not exist either`,
      );
    });

    it("speaks as the pod's service account, with the token of the moment", async () => {
      const serviceAccountFolder = await pod();
      const connection = await loadConnection({ env: IN_POD, serviceAccountFolder });
      expect(connection.namespace).to.equal('fleet');
      const { headers, tls } = await connection.credentials.current();
      expect([headers, tls]).to.deep.equal([{ Authorization: 'Bearer pod token' }, { ca: CA }]);
      await write('sa/token', 'rotated token\n');
      expect((await connection.credentials.current()).headers).to.deep.equal({
        Authorization: 'Bearer rotated token',
      });
    });

    it('merges the files of $KUBECONFIG, the first to say something winning, the missing ones skipped', async () => {
      const first = await write('first', JSON.stringify({ 'current-context': 'late' }));
      const second = await write('second', kubeconfig({ name: 'late', context: { namespace: 'one' } }));
      const third = await write('third', kubeconfig({ name: 'late', context: { namespace: 'two' } }));
      const KUBECONFIG = [join(folder, 'missing'), first, second, third].join(delimiter);
      const connection = await loadConnection({ env: { KUBECONFIG } });
      expect(connection.namespace).to.equal('one');
    });
  });

  describe('what it reads', () => {
    it('has the namespace default, and no slash at the end of the server', async () => {
      const connection = await load({ cluster: { server: 'https://a.example/k8s/' } });
      expect([connection.server, connection.namespace]).to.deep.equal(['https://a.example/k8s', 'default']);
    });

    it('finds files relative to the kubeconfig', async () => {
      await write('pki/ca.crt', CA);
      await write('pki/token', 'from a file');
      const user = { token: undefined, 'token-file': 'pki/token' };
      const { credentials } = await load({ cluster: { 'certificate-authority': 'pki/ca.crt' }, user });
      expect(await credentials.current()).to.deep.equal({
        headers: { Authorization: 'Bearer from a file' },
        tls: { ca: CA },
      });
    });

    it('takes a CA in place, the name to verify, and that nothing is to be verified', async () => {
      const cluster = {
        'certificate-authority-data': base64(CA),
        'tls-server-name': 'kubernetes',
        'insecure-skip-tls-verify': true,
      };
      expect((await (await load({ cluster })).credentials.current()).tls).to.deep.equal({
        ca: CA,
        servername: 'kubernetes',
        rejectUnauthorized: false,
      });
    });

    it('logs in by token, by password, or as somebody else', async () => {
      expect(await headersOf({ token: 'hunter2' })).to.deep.equal({ Authorization: 'Bearer hunter2' });
      expect(await headersOf({ username: 'ada', password: 'pass' })).to.deep.equal({
        Authorization: `Basic ${base64('ada:pass')}`,
      });
      expect(await headersOf({ token: 'hunter2', as: 'eve' })).to.deep.equal({
        Authorization: 'Bearer hunter2',
        'Impersonate-User': 'eve',
      });
    });

    it('logs in by an auth provider of old', async () => {
      const config = { 'access-token': 'old token' };
      expect(await headersOf({ 'auth-provider': { name: 'gcp', config } })).to.deep.equal({
        Authorization: 'Bearer old token',
      });
    });

    it('shows no secret to who prints it', async () => {
      const connection = await load({ user: { token: 'hunter2' } });
      expect(JSON.stringify(connection)).not.to.include('hunter2');
    });
  });

  describe('credential plugins', () => {
    /** A plugin that counts its runs in a file, and prints `output` with $VARIABLES filled in. */
    const plugin = async (output: string, more: object = {}): Promise<Connection> => {
      const runs = join(folder, 'runs');
      const command = await write('plugin', `#!/bin/sh\necho run >> ${runs}\ncat <<END\n${output}\nEND\n`);
      await chmod(command, 0o755);
      const exec = { apiVersion: 'client.authentication.k8s.io/v1', command, ...more };
      return load({ user: { token: undefined, exec } }, { PATH: process.env['PATH'], WHO: 'ada' });
    };
    const credential = (token: string, more: object = {}): string =>
      JSON.stringify({ kind: 'ExecCredential', status: { token, ...more } });
    const runs = async (): Promise<number> => {
      const { readFile } = await import('node:fs/promises');
      return (await readFile(join(folder, 'runs'), 'utf8')).trim().split('\n').length;
    };

    it('runs once for calls at once and later ones, and again when its answer was refused', async () => {
      const { credentials } = await plugin(credential('from $WHO'));
      const both = await Promise.all([credentials.current(), credentials.current()]);
      await credentials.current();
      expect(both.map(({ headers }) => headers)).to.deep.equal([
        { Authorization: 'Bearer from ada' },
        { Authorization: 'Bearer from ada' },
      ]);
      expect(await runs()).to.equal(1);
      credentials.forget();
      await credentials.current();
      expect(await runs()).to.equal(2);
    });

    it('runs again when its answer has expired', async () => {
      const { credentials } = await plugin(credential('t', { expirationTimestamp: '2020-01-01T00:00:00Z' }));
      await credentials.current();
      await credentials.current();
      expect(await runs()).to.equal(2);
    });

    it('may give a certificate, and is told which cluster asks', async () => {
      const output = `{"status": {"clientKeyData": "key", "clientCertificateData": "'$(echo $KUBERNETES_EXEC_INFO | base64 | tr -d '\\n')'"}}`;
      const { credentials } = await plugin(output, { provideClusterInfo: true });
      const { cert = '', key } = (await credentials.current()).tls;
      expect(key).to.equal('key');
      const info = JSON.parse(Buffer.from(cert.replaceAll("'", ''), 'base64').toString()) as object;
      expect(info).to.deep.include({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential' });
      expect(info).to.have.nested.property('spec.cluster.server', 'https://test.example:6443');
    });

    it('is complained about when it is not there, with the hint of the kubeconfig', async () => {
      const exec = { command: 'no-such-plugin', installHint: 'Install it from the shop.' };
      const { credentials } = await load({ user: { token: undefined, exec } });
      expect(await complaint(credentials.current())).to.equal(
        'the credential plugin "no-such-plugin" is not installed; Install it from the shop.',
      );
    });

    it('is found from the folder of the kubeconfig when it is named with a path, and in PATH when not', async () => {
      await plugin(credential('t'));
      const relative = await load({ user: { token: undefined, exec: { command: './plugin' } } });
      expect((await relative.credentials.current()).headers).to.deep.equal({ Authorization: 'Bearer t' });
      const PATH = `${folder}${delimiter}${process.env['PATH']}`;
      const bare = await load({ user: { token: undefined, exec: { command: 'plugin' } } }, { PATH });
      expect((await bare.credentials.current()).headers).to.deep.equal({ Authorization: 'Bearer t' });
    });

    it('is complained about when it gives nothing to log in with', async () => {
      const answers: [string, RegExp][] = [
        ['null', /no ExecCredential with a status$/],
        ['{"status": 7}', /no ExecCredential with a status$/],
        ['{"status": {"clientKeyData": "k"}}', /gave neither a token nor a certificate with its key$/],
        [credential('hunter2\u0007'), /gave a token that no header can carry$/],
        [credential('hunter2', { expirationTimestamp: 'soon' }), /expirationTimestamp that is no time$/],
      ];
      for (const [output, why] of answers) {
        const { credentials } = await plugin(output.replaceAll('\\', '\\\\'));
        expect(await complaint(credentials.current()))
          .to.match(why)
          .and.not.include('hunter2');
      }
    });

    it('never has its output in an error', async () => {
      const { credentials } = await plugin('hunter2 is the token');
      expect(await complaint(credentials.current())).to.match(/failed: its output is not JSON$/);
    });
  });

  describe('what it refuses', () => {
    it('names a file that cannot be read', async () => {
      const path = join(folder, 'nowhere');
      expect(await complaint(loadConnection({ kubeconfig: path, env: {} }))).to.match(
        new RegExp(`^cannot read the kubeconfig ${path}: ENOENT`),
      );
    });

    it('names a file that is no YAML, without quoting a token', async () => {
      const path = await write('broken', 'users:\n- user: {token: hunter2\n  name: "x');
      const message = await complaint(loadConnection({ kubeconfig: path, env: {} }));
      expect(message)
        .to.match(new RegExp(`^the kubeconfig ${path} is not valid: `))
        .and.not.include('hunter2');
    });

    it('names a file that is no kubeconfig', async () => {
      for (const text of ['hello', '- a', '', '{}']) {
        const path = await write('other', text);
        expect(await complaint(loadConnection({ kubeconfig: path, env: {} }))).to.include(path);
      }
    });

    it('names the field that is of another kind than it must be, and not what it holds', async () => {
      const valid = JSON.parse(kubeconfig()) as object;
      const cases: [object, string][] = [
        [{ users: { hunter2: 1 } }, 'users must be a list'],
        [{ users: ['hunter2'] }, 'users[0] is not a YAML mapping'],
        [{ users: [{ user: {} }] }, 'users[0].name is missing'],
        [
          { users: [{ name: 'test', user: { token: 123456 } }] },
          'users[0].user.token must be text: put it in quotes',
        ],
        [{ users: [{ name: 'test', user: { exec: {} } }] }, 'users[0].user.exec.command is missing'],
        [
          { users: [{ name: 'test', user: { exec: { command: 'x', args: 'y' } } }] },
          'users[0].user.exec.args must be a list',
        ],
        [{ clusters: 'hunter2' }, 'clusters must be a list'],
        [{ clusters: [{ name: 'test' }] }, 'clusters[0].cluster is missing'],
        [
          {
            clusters: [{ name: 'test', cluster: { server: 'https://a', 'insecure-skip-tls-verify': 'yes' } }],
          },
          'clusters[0].cluster.insecure-skip-tls-verify must be true or false, without quotes',
        ],
        [{ contexts: [null] }, 'contexts[0] is not a YAML mapping'],
        [{ 'current-context': 7 }, 'current-context must be text: put it in quotes'],
      ];
      for (const [parts, why] of cases) {
        const path = await write('c', JSON.stringify({ ...valid, ...parts }));
        expect(await complaint(loadConnection({ kubeconfig: path, env: {} }))).to.equal(
          `the kubeconfig ${path} is not valid: ${why}`,
        );
      }
    });

    it('is told in a sentence without a secret, or read, whatever takes the place of any part', async () => {
      const exec = { command: '/bin/true', args: ['a'], env: [{ name: 'A', value: 'hunter2' }] };
      const example = JSON.parse(kubeconfig({ user: { exec, username: 'u' } })) as object;
      const nasty = oneof(
        anything(),
        string({ unit: 'binary', maxLength: 100 }),
        constantFrom<unknown>(
          null,
          undefined,
          '',
          0,
          true,
          [],
          {},
          [[]],
          [null],
          'test',
          'http://[',
          'socks5://x',
        ),
      );
      await assert(
        asyncProperty(constantFrom(...pathsOf(example)), nasty, async (place, to) => {
          const kubeconfig = await write('fuzzed', JSON.stringify(changed(example, place, to)) ?? '');
          const error = await loadConnection({ kubeconfig, env: {} }).catch((reason: unknown) => reason);
          if (!(error instanceof Error)) return;
          expect(error).to.be.instanceOf(KubeconfigError);
          expect(error.message).not.to.match(/undefined|is not a function|Cannot read|hunter2|\p{Cc}/u);
        }),
        propertyOptions(300),
      );
    });

    it('names the context, the cluster or the user that is not defined', async () => {
      const missing = async (parts: object): Promise<string> => {
        const config = { ...(JSON.parse(kubeconfig()) as object), ...parts };
        return complaint(loadConnection({ kubeconfig: await write('c', JSON.stringify(config)), env: {} }));
      };
      const where = `which the kubeconfig ${join(folder, 'c')} does not define`;
      expect(await missing({ contexts: [] })).to.equal(`the current-context is "test", ${where}`);
      expect(await missing({ clusters: [] })).to.equal(`the cluster of context "test" is "test", ${where}`);
      expect(await missing({ users: [] })).to.equal(`the user of context "test" is "test", ${where}`);
      expect(await missing({ 'current-context': '' })).to.match(/has no current-context$/);
    });

    it('says that a CA is no certificate, and that a key is none', async () => {
      const cluster = { 'certificate-authority-data': base64('rubbish') };
      expect(await complaint(load({ cluster }))).to.match(
        /^the CA certificate in .* is not a PEM certificate$/,
      );
      const user = { 'client-certificate-data': base64(CA), 'client-key-data': base64('rubbish') };
      expect(await complaint(load({ user }))).to.match(
        /^the client certificate and key in .* cannot be used/,
      );
    });

    it('says that a server is no URL', async () => {
      expect(await complaint(load({ cluster: { server: 'nowhere' } }))).to.match(
        /"nowhere" in .* is not a URL with https/,
      );
    });

    it('names a CA file that is not there', async () => {
      const cluster = { 'certificate-authority': 'gone.crt' };
      expect(await complaint(load({ cluster }))).to.match(/^cannot read .*\/gone\.crt: ENOENT/);
    });
  });
});
