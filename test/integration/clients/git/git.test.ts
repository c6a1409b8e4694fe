import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { GitError } from '../../../../clients/git/errors.ts';
import { createGit, type Git } from '../../../../clients/git/git.ts';
import { createWorkingTree, filesOf, gitEnv, temporaryFolder, type WorkingTree } from './repository.ts';

const { signal } = new AbortController();

describe('the git client', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let tree: WorkingTree;
  let url: string;
  let git: Git;

  beforeEach(() => {
    folder = temporaryFolder();
    tree = createWorkingTree(join(folder.path, 'work'));
    tree.commit({ 'app.txt': 'one' });
    url = publish(tree, join(folder.path, 'shop.git'));
    git = createGit({ folder: join(folder.path, 'state'), env: gitEnv() });
  });

  afterEach(() => folder.remove());

  /** Makes a bare repository of it and has it as origin. */
  function publish(from: WorkingTree, path: string): string {
    execFileSync('git', ['clone', '--quiet', '--bare', from.path, path], { env: gitEnv(), stdio: 'pipe' });
    from.git('remote', 'add', 'origin', path);
    return `file://${path}`;
  }

  const push = (files: Record<string, string>): string => {
    const commit = tree.commit(files);
    tree.git('push', '--quiet', 'origin', 'HEAD');
    return commit;
  };

  const failureOf = async (work: Promise<unknown>): Promise<GitError> => {
    const error: unknown = await work.then(
      () => undefined,
      failure => failure,
    );
    expect(error).to.be.instanceOf(GitError);
    return error as GitError;
  };

  describe('resolve', () => {
    it('answers the commit, its tree and its time for a branch, a tag, a commit and the start of one', async () => {
      const commit = push({ 'app.txt': 'two' });
      tree.git('tag', '--annotate', 'v1.0.0', '--message', 'One');
      tree.git('push', '--quiet', 'origin', 'v1.0.0');
      const expected = {
        commit,
        tree: tree.git('rev-parse', 'HEAD^{tree}'),
        committedAt: new Date(Number(tree.git('log', '-1', '--format=%ct')) * 1000).toISOString(),
      };
      for (const ref of ['main', 'refs/heads/main', 'v1.0.0', commit, commit.slice(0, 10)])
        expect(await git.resolve(url, ref, signal), ref).to.deep.equal(expected);
    });

    it('follows a branch that moves, also when it is pushed by force', async () => {
      await git.resolve(url, 'main', signal);
      const second = push({ 'app.txt': 'two' });
      expect((await git.resolve(url, 'main', signal)).commit).to.equal(second);
      tree.git('reset', '--quiet', '--hard', 'HEAD~1');
      const third = tree.commit({ 'app.txt': 'three' });
      tree.git('push', '--quiet', '--force', 'origin', 'HEAD');
      expect((await git.resolve(url, 'main', signal)).commit).to.equal(third);
    });

    it('finds a commit that no branch ends at', async () => {
      const first = tree.git('rev-parse', 'HEAD');
      push({ 'app.txt': 'two' });
      expect((await git.resolve(url, first, signal)).commit).to.equal(first);
    });

    it('names the branches when there is none of that name', async () => {
      tree.git('push', '--quiet', 'origin', 'HEAD:refs/heads/maintenance');
      const error = await failureOf(git.resolve(url, 'mian', signal));
      expect(error.reason).to.equal('UnknownRef');
      expect(error.branches).to.deep.equal(['main', 'maintenance']);
      expect((await failureOf(git.resolve(url, 'f'.repeat(40), signal))).reason).to.equal('UnknownRef');
    });

    it('takes no option for a ref', async () => {
      const error = await failureOf(git.resolve(url, '--upload-pack=touch x', signal));
      expect(error.reason).to.equal('UnknownRef');
    });

    it('says that a repository is empty, or not there', async () => {
      const empty = createWorkingTree(join(folder.path, 'empty'), '--bare');
      expect((await failureOf(git.resolve(empty.path, 'main', signal))).reason).to.equal('EmptyRepository');
      const missing = await failureOf(git.resolve(join(folder.path, 'nowhere'), 'main', signal));
      expect(missing.reason).to.equal('RepositoryNotFound');
    });

    it('reads a shallow clone', async () => {
      push({ 'app.txt': 'two' });
      const shallow = join(folder.path, 'shallow');
      tree.git('clone', '--quiet', '--depth=1', url, shallow);
      const { commit } = await git.resolve(shallow, 'main', signal);
      expect(await filesOf(git.archive(shallow, commit, signal))).to.deep.equal({ 'app.txt': 'two' });
    });

    it('reads a repository whose ids are SHA-256', async () => {
      const other = createWorkingTree(join(folder.path, 'sha256'), '--object-format=sha256');
      const commit = other.commit({ 'app.txt': 'long' });
      expect((await git.resolve(other.path, 'main', signal)).commit).to.equal(commit);
      expect(await filesOf(git.archive(other.path, commit, signal))).to.deep.equal({ 'app.txt': 'long' });
    });

    it('refuses submodules, and names them', async () => {
      tree.git('submodule', '--quiet', 'add', url, 'parts/engine');
      push({});
      const error = await failureOf(git.resolve(url, 'main', signal));
      expect(error.reason).to.equal('Submodules');
      expect(error.message).to.contain('parts/engine');
    });

    it('refuses files of Git LFS, and names them, but not the attribute alone', async () => {
      push({ '.gitattributes': '*.png filter=lfs -text\n' });
      await git.resolve(url, 'main', signal);
      push({
        'art/logo.png': `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 9\n`,
      });
      const error = await failureOf(git.resolve(url, 'main', signal));
      expect(error.reason).to.equal('LargeFiles');
      expect(error.message).to.contain('art/logo.png');
    });

    it('says that nothing listens there, and that a server asks for credentials, and shows none', async () => {
      const server = createServer((_, response) =>
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
      );
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const closed = await failureOf(git.resolve(`http://tok3n@127.0.0.1:${port}/shop.git`, 'main', signal));
      await new Promise(resolve => server.close(resolve));
      expect(closed.reason, closed.message).to.equal('CredentialsNeeded');
      expect(closed.message).not.to.contain('tok3n');
      const gone = await failureOf(git.resolve(`http://tok3n@127.0.0.1:${port}/shop.git`, 'main', signal));
      expect(gone.reason, gone.message).to.equal('Unreachable');
      expect(gone.message).not.to.contain('tok3n');
    });

    it('ends when the signal says so, and when it takes too long', async () => {
      const server = createServer(() => undefined);
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
      const silent = `http://127.0.0.1:${(server.address() as AddressInfo).port}/shop.git`;
      const impatient = createGit({ folder: join(folder.path, 'state'), env: gitEnv(), limitMs: 300 });
      expect((await failureOf(impatient.resolve(silent, 'main', signal))).reason).to.equal('TimedOut');
      const stop = new AbortController();
      const asked = new Promise(resolve => server.once('request', resolve));
      const resolving = git.resolve(silent, 'main', stop.signal);
      await asked;
      stop.abort(new Error('enough'));
      const error: unknown = await resolving.catch((failure: unknown) => failure);
      expect((error as Error).message).to.equal('enough');
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    });

    it('says that git is not installed', async () => {
      const without = createGit({ folder: join(folder.path, 'state'), env: { PATH: folder.path } });
      expect((await failureOf(without.resolve(url, 'main', signal))).reason).to.equal('NotInstalled');
    });

    it('runs no hook, and lets many at once share what they fetch', async () => {
      const commit = push({ 'app.txt': 'two' });
      const others = [1, 2, 3].map(() => createGit({ folder: join(folder.path, 'state'), env: gitEnv() }));
      const all = await Promise.all([git, ...others].map(one => one.resolve(url, 'main', signal)));
      expect(all.map(found => found.commit)).to.deep.equal(all.map(() => commit));
      const [own] = readdirSync(join(folder.path, 'state'));
      expect(readdirSync(join(folder.path, 'state', own!))).to.deep.equal([`${commit}.git`]);
    });

    it('is sent only what differs from the commit before', async () => {
      const large = Array.from({ length: 20_000 }, (_, i) => `${i * 7919}`).join('\n');
      push({ 'large.txt': large });
      const before = await git.resolve(url, 'main', signal);
      const after = push({ 'app.txt': 'two' });
      await git.resolve(url, 'main', signal);
      const [own] = readdirSync(join(folder.path, 'state'));
      const packs = (commit: string): number[] =>
        readdirSync(join(folder.path, 'state', own!, `${commit}.git`, 'objects', 'pack'))
          .filter(name => name.endsWith('.pack'))
          .map(
            name => statSync(join(folder.path, 'state', own!, `${commit}.git`, 'objects', 'pack', name)).size,
          );
      expect(packs(before.commit)).to.have.length(1);
      expect(Math.min(...packs(after))).to.be.below(1_000);
    });
  });

  describe('archive and checkout', () => {
    it('gives the files of the commit, and fetches it when it is not there', async () => {
      const commit = push({ 'app.txt': 'two\r\n', 'sub/more.txt': 'more' });
      const files = { 'app.txt': 'two\r\n', 'sub/more.txt': 'more' };
      expect(await filesOf(git.archive(url, commit, signal))).to.deep.equal(files);
      const to = join(folder.path, 'checked-out');
      await git.checkout(url, commit, to, signal);
      expect(readdirSync(to).sort()).to.deep.equal(['app.txt', 'sub']);
      expect(readFileSync(join(to, 'app.txt'), 'utf8')).to.equal('two\r\n');
    });

    it('writes into no folder that has something in it', async () => {
      const commit = push({});
      const error = await failureOf(git.checkout(url, commit, tree.path, signal));
      expect(error.reason).to.equal('FolderNotEmpty');
    });

    it('may be given up in the middle', async () => {
      const commit = push({ 'large.txt': 'x'.repeat(5_000_000) });
      for await (const chunk of git.archive(url, commit, signal)) {
        expect(chunk.length).to.be.above(0);
        break;
      }
    });
  });

  describe('pushTag', () => {
    it('makes an annotated tag that the remote has from then on, and never moves one', async () => {
      const { commit } = await git.resolve(url, 'main', signal);
      const tag = { name: 'v0.1.0-uat-20261129-0701', commit, message: 'Deploy to uat' };
      expect(await git.pushTag(url, tag, signal)).to.equal(true);
      expect(await git.tags(url, signal)).to.deep.equal([{ name: tag.name, commit }]);
      tree.git('fetch', '--quiet', '--tags', 'origin');
      expect(tree.git('cat-file', '-t', tag.name)).to.equal('tag');
      const next = push({ 'app.txt': 'two' });
      expect(await git.pushTag(url, { ...tag, commit: next }, signal)).to.equal(false);
      expect(await git.tags(url, signal)).to.deep.equal([{ name: tag.name, commit }]);
    });

    it('tags a commit that the branch has left behind', async () => {
      push({ 'app.txt': 'two' });
      const { commit } = await git.resolve(url, 'main', signal);
      push({ 'app.txt': 'three' });
      expect(await git.pushTag(url, { name: 'v1', commit, message: 'Old' }, signal)).to.equal(true);
    });

    it('lets only one of two have the name', async () => {
      const { commit } = await git.resolve(url, 'main', signal);
      const second = createGit({ folder: join(folder.path, 'other'), env: gitEnv() });
      const made = await Promise.all([
        git.pushTag(url, { name: 'v1', commit, message: 'From one' }, signal),
        second.pushTag(url, { name: 'v1', commit, message: 'From the other' }, signal),
      ]);
      expect(made.filter(Boolean)).to.have.length(1);
    });

    it('says that the server refuses it, or that it is no name', async () => {
      const { commit } = await git.resolve(url, 'main', signal);
      const hooks = join(folder.path, 'shop.git', 'hooks');
      mkdirSync(hooks, { recursive: true });
      writeFileSync(join(hooks, 'update'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
      const refused = await failureOf(git.pushTag(url, { name: 'v1', commit, message: 'No' }, signal));
      expect(refused.reason, refused.message).to.equal('PushRefused');
      for (const name of ['-x', 'a b', 'a..b', ''])
        expect((await failureOf(git.pushTag(url, { name, commit, message: 'No' }, signal))).reason).to.equal(
          'InvalidRef',
        );
    });
  });

  describe('snapshot', () => {
    it('has the files as they are now, without what is ignored, and changes nothing', async () => {
      tree.commit({ '.gitignore': '*.log\n', 'app.txt': 'two', 'gone.txt': 'x' });
      tree.git('rm', '--quiet', '--cached', 'app.txt');
      execFileSync('rm', [join(tree.path, 'gone.txt')]);
      tree.write({ 'app.txt': 'three', 'new.txt': 'new', 'noise.log': 'noise' });
      const status = tree.git('status', '--porcelain');
      const objects = tree.git('count-objects', '-v');
      const snapshot = await git.snapshot(tree.path, signal);
      expect(snapshot.isDirty).to.equal(true);
      expect(snapshot.commit).to.equal(tree.git('rev-parse', 'HEAD'));
      const expected = { '.gitignore': '*.log\n', 'app.txt': 'three', 'new.txt': 'new' };
      expect(await filesOf(snapshot.archive())).to.deep.equal(expected);
      expect(tree.git('status', '--porcelain')).to.equal(status);
      expect(tree.git('count-objects', '-v')).to.equal(objects);
    });

    it('of a clean working tree is the tree of its commit', async () => {
      const snapshot = await git.snapshot(tree.path, signal);
      expect(snapshot.tree).to.equal(tree.git('rev-parse', 'HEAD^{tree}'));
      expect(snapshot.isDirty).to.equal(false);
    });

    it('of a folder further down has only its files, and ignores what the whole repository does', async () => {
      tree.commit({ '.gitignore': 'secret.txt\n', 'site/index.html': 'hello', 'site/deep/a.txt': 'a' });
      tree.write({ 'site/secret.txt': 'no' });
      const snapshot = await git.snapshot(join(tree.path, 'site'), signal);
      expect(await filesOf(snapshot.archive())).to.deep.equal({ 'deep/a.txt': 'a', 'index.html': 'hello' });
      expect(snapshot.isDirty).to.equal(false);
    });

    it('has them too where the state is kept in the repository itself', async () => {
      tree.commit({ '.gitignore': '.state/\n', 'site/index.html': 'hello' });
      const within = createGit({ folder: join(tree.path, '.state', 'git'), env: gitEnv() });
      const site = await within.snapshot(join(tree.path, 'site'), signal);
      expect(await filesOf(site.archive())).to.deep.equal({ 'index.html': 'hello' });
      const whole = await within.snapshot(tree.path, signal);
      expect(await filesOf(whole.archive())).to.include.keys('.gitignore', 'site/index.html');
      expect(whole.isDirty).to.equal(false);
    });

    it('needs no repository, nor a commit in one', async () => {
      const plain = join(folder.path, 'plain');
      mkdirSync(plain);
      writeFileSync(join(plain, 'index.html'), 'hello');
      writeFileSync(join(plain, '.env'), 'PASSWORD=x');
      const snapshot = await git.snapshot(plain, signal);
      expect(await filesOf(snapshot.archive())).to.deep.equal({ 'index.html': 'hello' });
      expect([snapshot.isDirty, snapshot.commit]).to.deep.equal([true, undefined]);
      expect(existsSync(join(plain, '.git'))).to.equal(false);
      const fresh = createWorkingTree(join(folder.path, 'fresh'));
      fresh.write({ 'index.html': 'hello' });
      expect((await git.snapshot(fresh.path, signal)).tree).to.equal(snapshot.tree);
    });

    it('is refused of a repository within the repository, and of no folder', async () => {
      createWorkingTree(join(tree.path, 'inner')).commit({ 'a.txt': 'a' });
      expect((await failureOf(git.snapshot(tree.path, signal))).reason).to.equal('Submodules');
      const nowhere = git.snapshot(join(folder.path, 'nowhere'), signal);
      expect((await failureOf(nowhere)).message).to.contain('there is no folder');
    });
  });
});
