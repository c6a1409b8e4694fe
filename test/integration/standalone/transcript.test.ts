import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { describeOnClusters, describeOnStandalone, type ApiServer } from '../../environment/api-server.ts';

// test/fixtures/kubectl/transcript.txt is what a person would see who types its commands one after the other:
//
//     # a chapter, or one (standalone: and why it cannot be the same on the real API server of these tests)
//     $ a command
//     what it prints
//     [its exit code, unless 0]
//
// UPDATE_TRANSCRIPT=yes writes down what the standalone API answers now, for somebody to read and commit.
const FIXTURES = fileURLToPath(new URL('../../fixtures/kubectl', import.meta.url));
const TRANSCRIPT = join(FIXTURES, 'transcript.txt');

interface Command {
  line: string;
  output: string;
}

interface Chapter {
  title: string;
  /** Why it holds on the standalone API alone. */
  alone: string | undefined;
  commands: Command[];
}

function readTranscript(): Chapter[] {
  const chapters: Chapter[] = [];
  for (const line of readFileSync(TRANSCRIPT, 'utf8').split('\n')) {
    if (line.startsWith('# ')) {
      const [, title, alone] = /^# (.*?)(?: \(standalone: (.*)\))?$/.exec(line)!;
      chapters.push({ title: title!, alone, commands: [] });
    } else if (line.startsWith('$ ')) chapters.at(-1)!.commands.push({ line: line.slice(2), output: '' });
    else if (line !== '') chapters.at(-1)!.commands.at(-1)!.output += `${line}\n`;
  }
  return chapters;
}

const writeTranscript = (chapters: readonly Chapter[]): void => {
  const text = chapters.map(({ title, alone, commands }) => {
    const heading = alone === undefined ? `# ${title}` : `# ${title} (standalone: ${alone})`;
    return [heading, ...commands.map(({ line, output }) => `$ ${line}\n${output.trimEnd()}`)].join('\n');
  });
  writeFileSync(TRANSCRIPT, `${text.join('\n\n')}\n`);
};

/** What is different every time is named; columns stand two spaces apart; empty lines and kubectl's log are left out. */
const normalise = (text: string, namespace: string): string =>
  text
    .replaceAll(namespace, 'NAMESPACE')
    .replaceAll(/^[IWE]\d{4} .*\n/gm, '')
    .replaceAll(/https:\/\/127\.0\.0\.1:\d+/g, 'SERVER')
    .replaceAll(/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/g, 'UID')
    .replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME')
    .replaceAll(/(Resource ?[vV]ersion|resourceVersion)("?: +"?)\d+/g, '$1$2VERSION')
    .replaceAll(/(?<=^|\s)\d+[smhdy](?:\d+[smhd])?(?=\s|$)/gm, 'AGE')
    .replaceAll(/(?<=\S) {2,}/g, '  ')
    .replaceAll(/[ \t]+$/gm, '')
    .replaceAll(/\n{2,}/g, '\n');

const chapters = readTranscript();
const isUpdate = process.env['UPDATE_TRANSCRIPT'] !== undefined;

/** The chapters build on each other, so the first that fails ends the story. */
function describeChapters(server: () => ApiServer, own: readonly Chapter[]): void {
  let folder: string | undefined;
  let namespace: string;

  before(async function () {
    const isInstalled = spawnSync('kubectl', ['version', '--client']).status === 0;
    if (!isInstalled && process.env['CI'] !== 'true') this.skip();
    folder = mkdtempSync(join(tmpdir(), 'dropfleet-transcript-'));
    cpSync(FIXTURES, folder, { recursive: true });
    namespace = await server().namespace();
    const config = parse(readFileSync(server().kubeconfig, 'utf8')) as { contexts: { context: object }[] };
    for (const one of config.contexts) one.context = { ...one.context, namespace };
    writeFileSync(join(folder, 'kubeconfig'), stringify(config), { mode: 0o600 });
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
    if (isUpdate) writeTranscript(chapters);
  });

  const run = async (line: string): Promise<string> => {
    const child = spawn('sh', ['-c', `exec 2>&1; ${line}`], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        KUBECONFIG: join(folder!, 'kubeconfig'),
        NAMESPACE: namespace,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const [code] = (await once(child, 'close')) as [number];
    if (text !== '' && !text.endsWith('\n')) text += '\n';
    return normalise(text, namespace) + (code === 0 ? '' : `[${code}]\n`);
  };

  for (const { title, commands } of own) {
    it(title, async () => {
      for (const command of commands) {
        const output = await run(command.line);
        if (isUpdate) command.output = output;
        expect(output, command.line).to.equal(command.output);
      }
    });
  }
}

describeOnClusters('kubectl tells of', server =>
  describeChapters(
    server,
    chapters.filter(({ alone }) => alone === undefined),
  ),
);
for (const chapter of chapters.filter(({ alone }) => alone !== undefined)) {
  describeOnStandalone('kubectl tells of', chapter.alone!, server => describeChapters(server, [chapter]));
}
