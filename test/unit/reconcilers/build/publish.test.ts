import { expect } from 'chai';
import type { BuildHost } from '../../../../reconcilers/build/host.ts';
import { prune } from '../../../../reconcilers/build/prune.ts';
import { publish, pull, pullPublished } from '../../../../reconcilers/build/publish.ts';
import { rejection } from '../../../fakes/rejection.ts';

const ID = `sha256:${'a'.repeat(64)}`;
const IMAGE = { engine: 'docker', project: 'shop', image: ID } as const;
const { signal } = new AbortController();

/** A host whose commands all end so; `commands` are their names and arguments. */
function hostThat(answer: { code?: number; stdout?: string; stderr?: string }) {
  const commands: string[] = [];
  const host: BuildHost = {
    run(argv) {
      commands.push(argv.slice(5).join(' '));
      return Promise.resolve({ code: 0, stdout: '', stderr: '', ...answer });
    },
  };
  return { host, commands };
}

const complaint = async (promise: Promise<unknown>): Promise<string> => (await rejection(promise)).message;

describe('Images on their way', () => {
  it('say what failed, and where to look', async () => {
    const from = (code: number, stderr = 'first\nlast\n') => hostThat({ code, stderr }).host;
    expect(await complaint(publish(from(66), IMAGE, '10.0.0.2', signal))).to.match(/no more; deploy again$/);
    expect(await complaint(publish(from(69), IMAGE, '10.0.0.2', signal))).to.match(
      /does not answer \(last\); see .*journalctl/,
    );
    expect(await complaint(publish(from(1), IMAGE, '10.0.0.2', signal))).to.match(/cannot push .*: last$/);
    expect(await complaint(pull(from(65), IMAGE, '10.0.0.2', signal))).to.match(/holds another image: last$/);
    expect(await complaint(pull(from(1), IMAGE, '10.0.0.2', signal))).to.match(/cannot pull .*: last$/);
    const published = { engine: 'docker', project: 'shop', name: 'postgres:17' } as const;
    expect(await complaint(pullPublished(from(1), published, signal))).to.match(
      /^cannot pull postgres:17: last; /,
    );
  });

  it('that are published have an id, and a digest where they were fetched', async () => {
    const published = { engine: 'podman', project: 'shop', name: 'postgres:17', id: ID } as const;
    const fetched = hostThat({ stdout: `image\t${ID}\tdocker.io/library/postgres@sha256:bb\n` });
    expect(await pullPublished(fetched.host, published, signal)).to.deep.equal({
      image: ID,
      digest: 'docker.io/library/postgres@sha256:bb',
    });
    expect(fetched.commands).to.deep.equal([
      `dropfleet-pull-published podman shop docker.io/library/postgres:17 ${ID}`,
    ]);
    const there = hostThat({ stdout: `image\t${ID}\n` });
    expect(await pullPublished(there.host, published, signal)).to.deep.equal({ image: ID });
  });
});

describe('Cleaning a host', () => {
  it('removes tags, and on a master what its registry has', async () => {
    const stdout = `image\t${ID}\tbuild-0123456789ab\nimage\tsha256:${'b'.repeat(64)}\t${'b'.repeat(64)}\nend\n`;
    const { host, commands } = hostThat({ stdout });
    const request = { engine: 'docker', project: 'shop', needed: new Set([ID]) } as const;
    await prune(host, { ...request, registry: '10.0.0.2' }, signal);
    expect(commands).to.deep.equal([
      'dropfleet-images docker shop',
      `dropfleet-prune-images docker shop 24h ${'b'.repeat(64)}`,
      `dropfleet-prune-registry 10.0.0.2:5000 shop ${'a'.repeat(64)}`,
    ]);
  });

  it('removes nothing where the host does not say what it has', async () => {
    const { host, commands } = hostThat({ stdout: `image\t${ID}\tx\n`, stderr: 'docker is down' });
    const request = { engine: 'docker', project: 'shop', needed: new Set<string>() } as const;
    expect(await complaint(prune(host, request, signal))).to.match(/docker is down$/);
    expect(commands).to.have.length(1);
  });
});
