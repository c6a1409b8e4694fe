import { expect } from 'chai';
import { buildKeyOf } from '../../../../reconcilers/build/build-key.ts';
import type { BuildFacts } from '../../../../reconcilers/build/facts.ts';
import { parseFacts } from '../../../../reconcilers/build/facts.ts';
import { planBuild } from '../../../../reconcilers/build/plan.ts';
import type { BuildRequest } from '../../../../reconcilers/build/request.ts';

const REQUEST: BuildRequest = {
  engine: 'docker',
  project: 'shop',
  key: '0123456789ab',
  attempt: 'v1.0.0-uat-20260101-0000',
  containerfile: 'api/Dockerfile',
  context: 'api',
  labels: {},
};
const MIB = 1_024;
const someFacts = (parts: Partial<BuildFacts> = {}): BuildFacts => ({
  isRunning: false,
  begun: 0,
  log: [],
  disk: { free: 4_096 * MIB, image: 0 },
  ...parts,
});
const planned = (parts: Partial<BuildFacts>, request = REQUEST) => planBuild(request, someFacts(parts));
const failure = (parts: Partial<BuildFacts>, request?: BuildRequest) => {
  const plan = planned(parts, request);
  return plan.state === 'failed' ? `${plan.reason}: ${plan.message}` : plan.state;
};

describe('The plan of a build', () => {
  it('takes the image that is there, whatever became of this attempt', () => {
    const image = `sha256:${'a'.repeat(64)}`;
    expect(planned({ image, isRunning: true, result: 'exit 1' })).to.deep.equal({ state: 'built', image });
  });

  it('waits for the build that runs, also after one of this attempt failed, and shows what it says', () => {
    const plan = planned({ isRunning: true, result: 'exit 1', log: ['Step 1/3'] });
    expect(plan).to.deep.equal({
      state: 'building',
      message: 'building api/Dockerfile on the master',
      log: ['Step 1/3'],
    });
  });

  it('begins where nothing was begun, and where a reboot left one half-done', () => {
    expect(planned({})).to.deep.equal({ state: 'begin' });
    expect(planned({ begun: 2 })).to.deep.equal({ state: 'begin' });
  });

  it('begins again when the engine was restarted under it, and no more after the third time', () => {
    const log = ['ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock.'];
    expect(planned({ begun: 1, result: 'exit 1', log })).to.deep.equal({ state: 'begin' });
    expect(failure({ begun: 3, result: 'exit 1', log })).to.match(/^BuildInterrupted: .*interrupted 3 times/);
    expect(failure({ begun: 3 })).to.match(/^BuildInterrupted: /);
  });

  it('says with its last line why a build failed, and keeps the lines before', () => {
    const log = ['Step 2/3 : RUN npm ci', 'npm error code EBADENGINE'];
    const plan = planned({ result: 'exit 1', begun: 1, log });
    expect(plan).to.deep.equal({
      state: 'failed',
      reason: 'BuildFailed',
      message: 'build failed: npm error code EBADENGINE',
      log,
    });
  });

  it('names the Containerfile or the context that is missing', () => {
    expect(failure({ result: 'no-containerfile' })).to.match(
      /^NoContainerfile: there is no api\/Dockerfile /,
    );
    expect(failure({ result: 'no-context' })).to.match(/^NoContext: there is no folder api /);
  });

  for (const line of [
    'manifest for nothere:1 not found: manifest unknown: manifest unknown',
    'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 127.0.0.11:53: no such host',
    'Error: creating build container: initializing source docker://nothere:1: reading manifest 1',
    'pull access denied for nothere, repository does not exist or may require docker login',
  ])
    it(`takes "${line.slice(0, 40)}" for a base image that cannot be pulled`, () => {
      expect(failure({ result: 'exit 1', log: [line] })).to.match(
        /^BaseImageNotPulled: cannot pull the base image: .*FROM/,
      );
    });

  it('does not take a step of the build that reaches nobody for a base image', () => {
    const log = ['dial tcp: lookup example.com: no such host', ...Array.from({ length: 5 }, () => 'more')];
    expect(failure({ result: 'exit 1', log })).to.match(/^BuildFailed: /);
  });

  it('says of a build that was killed that memory is scarce, and of one that took too long that it did', () => {
    expect(failure({ result: 'exit 1', log: ['returned a non-zero code: 137'] })).to.match(
      /resize the master$/,
    );
    expect(failure({ result: 'exit 1', log: ['returned a non-zero code: 3'] })).to.not.match(/memory/);
    expect(failure({ result: 'exit 124' })).to.match(/^BuildTimedOut: .*1 h/);
  });

  it('says how to make room when the disk got full', () => {
    expect(failure({ result: 'disk-full' })).to.match(/^DiskFull: .*make room/);
    expect(failure({ result: 'exit 1', log: ['write /x: no space left on device', '3'] })).to.match(
      /^DiskFull/,
    );
  });

  it('begins only with room for twice the largest image, or for 1 GiB the first time', () => {
    const disk = (free: number, image: number) => ({ disk: { free: free * MIB, image: image * MIB } });
    expect(planned(disk(1_024, 0)).state).to.equal('begin');
    expect(failure(disk(1_023, 0))).to.match(/^DiskFull: 1023 MB free .* needs 1024 MB/);
    expect(planned(disk(600, 300)).state).to.equal('begin');
    expect(failure(disk(599, 300))).to.match(/^DiskFull: 599 MB free .* needs 600 MB/);
  });

  it('follows no path out of the source', () => {
    for (const path of ['/etc/passwd', '../x', 'a/../../x'])
      for (const changes of [{ containerfile: path }, { context: path }])
        expect(failure({}, { ...REQUEST, ...changes })).to.match(/^PathOutsideSource: /);
    expect(planned({}, { ...REQUEST, context: 'a..b/..c' }).state).to.equal('begin');
  });
});

describe('The key of a build', () => {
  const input = { tree: 'a'.repeat(40), containerfile: 'Dockerfile', context: '.' };

  it('is the same for the same files built in the same way, however that is written', () => {
    expect(buildKeyOf(input)).to.match(/^[0-9a-f]{12}$/);
    expect(buildKeyOf({ ...input, containerfile: './Dockerfile', context: './' })).to.equal(
      buildKeyOf(input),
    );
  });

  it('is another for other files, another Containerfile or another context', () => {
    const others = [{}, { tree: 'b'.repeat(40) }, { containerfile: 'D' }, { context: 'a' }];
    expect(new Set(others.map(change => buildKeyOf({ ...input, ...change }))).size).to.equal(4);
  });
});

describe('What a host says of a build', () => {
  it('is read whole or not at all', () => {
    const output = `image\tsha256:ab\nrunning\nresult\texit 1\nbegun\t2\nlog\t${Buffer.from('a\r\n\nb \n').toString('base64')}\ndisk\t5\t3\nend\n`;
    expect(parseFacts(output)).to.deep.equal({
      image: 'sha256:ab',
      isRunning: true,
      result: 'exit 1',
      begun: 2,
      log: ['a', 'b'],
      disk: { free: 5, image: 3 },
    });
    expect(parseFacts(output.replace('end\n', ''))).to.equal(undefined);
    expect(parseFacts('disk\t5\nend\n')).to.equal(undefined);
  });
});
