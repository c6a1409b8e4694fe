import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { beginBuild, fullName, publishImage } from '../../../../reconcilers/build/commands.ts';
import * as scripts from '../../../../reconcilers/build/scripts.ts';

describe('The commands for images', () => {
  for (const { name, text } of Object.values(scripts))
    it(`${name} is a POSIX shell's`, () => void execFileSync('sh', ['-n', '-c', text]));

  it('name published images as every engine understands them', () => {
    const names = ['postgres:17', 'bitnami/redis', 'ghcr.io/a/b:1', 'localhost/a', 'host:5000/a@sha256:ab'];
    expect(names.map(fullName)).to.deep.equal([
      'docker.io/library/postgres:17',
      'docker.io/bitnami/redis',
      'ghcr.io/a/b:1',
      'localhost/a',
      'host:5000/a@sha256:ab',
    ]);
  });

  it("send images to the master's registry", () => {
    const image = { engine: 'docker', project: 'shop', image: `sha256:${'a'.repeat(64)}` } as const;
    expect(publishImage(image, '10.0.0.2').slice(6)).to.deep.equal([
      'docker',
      'shop',
      image.image,
      '10.0.0.2:5000',
    ]);
  });

  it('make no path of what a version is called', () => {
    const request = {
      engine: 'docker',
      project: 'shop',
      key: '0123456789ab',
      attempt: '../../etc/passwd v1',
      containerfile: 'Dockerfile',
      context: '.',
      labels: {},
    } as const;
    expect(beginBuild(request)[9]).to.equal('.._.._etc_passwd_v1');
  });
});
