import { expect } from 'chai';
import { parse } from 'yaml';
import { basesIn, reproducedFiles, type Reproduction } from '../../../../cli/show/reproduced-files.ts';

const release: Reproduction = {
  project: 'shop',
  environment: 'uat',
  version: 'v0.1.0-uat-20261129-0701',
  url: 'https://example.com/shop.git',
  commit: 'c'.repeat(40),
  tree: 'd'.repeat(40),
  committedAt: '2026-11-29T07:00:00.000Z',
  services: [
    {
      spec: {
        project: 'shop',
        environment: 'uat',
        service: 'website',
        type: 'web',
        build: { containerfile: 'web/Dockerfile', context: 'web' },
        command: ['sh', '-c', 'echo "$HOME"; serve'],
        variables: { GREETING: "it's $5" },
        secrets: ['KEY'],
        runOptions: { readOnly: true, tmpfs: ['/tmp'], ulimits: { nofile: '1024:4096' } },
      },
      bases: ['node:24'],
      image: `sha256:${'1'.repeat(64)}`,
    },
    {
      spec: {
        project: 'shop',
        environment: 'uat',
        service: 'main-db',
        type: 'infra',
        image: 'postgres:17',
        port: 5432,
        volumes: [{ name: 'data', path: '/var/lib/postgresql' }],
      },
    },
  ],
};

describe('what is written beside a reproduced source', () => {
  const files = reproducedFiles(release);

  it('has a compose file that builds from the source, and in which nothing is replaced', () => {
    const { services, volumes } = parse(files['compose.yaml']!.replaceAll('$$', '$'));
    expect(files['compose.yaml']).to.contain("it's $$5");
    expect(services.website.build).to.deep.equal({ context: './source/web', dockerfile: 'Dockerfile' });
    expect(services.website.command).to.deep.equal(['sh', '-c', 'echo "$HOME"; serve']);
    expect(services.website.environment).to.deep.include({
      PORT: '8080',
      MAIN_DB_HOST: 'main-db',
      MAIN_DB_PORT: '5432',
      DROPFLEET_VERSION: release.version,
    });
    expect(services['main-db'].image).to.equal('postgres:17');
    expect(services.website).to.deep.include({
      read_only: true,
      tmpfs: ['/tmp'],
      ulimits: { nofile: { soft: 1024, hard: 4096 } },
    });
    expect(Object.keys(volumes)).to.deep.equal(['main-db-data']);
  });

  it('has a script for docker and podman, with every word quoted', () => {
    const script = files['run.sh']!;
    expect(script).to.contain('engine=${ENGINE:-docker}');
    expect(script).to.contain(
      '"$engine" build -t shop-website:v0.1.0-uat-20261129-0701 -f source/web/Dockerfile source/web',
    );
    expect(script).to.contain(`'GREETING=it'\\''s $5'`);
    expect(script).to.contain('"$engine" pull postgres:17');
    expect(script).to.contain("'--ulimit=nofile=1024:4096' --read-only '--tmpfs=/tmp' shop-website:");
  });

  it('names secrets without values, and says what ran', () => {
    expect(files['secrets.env.example']).to.equal('KEY=\n');
    expect(files['README.md']).to.contain(`| node:24 | sha256:${'1'.repeat(64)} |`);
    expect(files['README.md']).to.contain(release.commit);
  });

  it('finds the images that a containerfile begins from, and not its own stages', () => {
    const text =
      'ARG X=1\nfrom --platform=linux/amd64 node:24 as build\nRUN x\nFROM build AS test\nFROM scratch\nFROM debian:13@sha256:ab\n';
    expect(basesIn(text)).to.deep.equal(['node:24', 'debian:13@sha256:ab']);
  });
});
