import { expect } from 'chai';
import {
  TEST_BOOT_MS,
  dropletBody,
  startTestSandbox,
  type TestReply,
  type TestSandbox,
} from '../../../../builders/sandbox.ts';

describe("the sandbox's projects", () => {
  let test: TestSandbox;
  beforeEach(async () => {
    test = await startTestSandbox();
  });
  afterEach(() => test.sandbox.close());

  const create = (changes: object = {}): Promise<TestReply> =>
    test.post('/v2/projects', { name: 'shop', purpose: 'Web Application', ...changes });
  const urns = async (project: string): Promise<string[]> =>
    (await test.read(`/v2/projects/${project}/resources`)).resources.map((it: { urn: string }) => it.urn);

  it('have a default from the start, which cannot be deleted', async () => {
    const { projects } = await test.read('/v2/projects');
    expect(projects).to.have.length(1);
    expect(projects[0].is_default).to.equal(true);
    expect((await test.read('/v2/projects/default')).project.id).to.equal(projects[0].id);
    expect((await test.send('DELETE', `/v2/projects/${projects[0].id}`)).status).to.equal(412);
  });

  it('say of a purpose of their own that it is another, and of no environment nothing', async () => {
    const { project } = (await create({ purpose: 'Fun', environment: '' })).body;
    expect(project).to.include({ purpose: 'Other: Fun', environment: '' });
    expect((await create({ name: 'b' })).body.project).to.include({
      purpose: 'Web Application',
      environment: '',
    });
    const path = `/v2/projects/${project.id}`;
    const changes = { name: '', description: '', purpose: '', environment: '', is_default: false };
    expect((await test.send('PATCH', path, changes)).body.project).to.include({
      name: 'shop',
      purpose: 'Other: Fun',
    });
    expect((await test.send('PATCH', path, { purpose: 'Other: Fun' })).body.project.purpose).to.equal(
      'Other: Fun',
    );
  });

  it('hold what is made in the default one, until it is moved', async () => {
    const { droplet } = (await test.post('/v2/droplets', dropletBody())).body;
    const { reserved_ip } = (await test.post('/v2/reserved_ips', { region: 'nyc3' })).body;
    const both = [`do:droplet:${droplet.id}`, `do:floatingip:${reserved_ip.ip}`];
    expect(await urns('default')).to.deep.equal(both);
    const { project } = (await create()).body;
    const resources = [both[0], `do:reservedip:${reserved_ip.ip}`, 'do:volume:cafe'];
    const moved = await test.post(`/v2/projects/${project.id}/resources`, { resources });
    expect(moved.body.resources.map((it: { status: string }) => it.status)).to.deep.equal([
      'assigned',
      'assigned',
      'not_found',
    ]);
    expect([await urns('default'), await urns(project.id)]).to.deep.equal([[], both]);
    expect((await test.read(`/v2/reserved_ips/${reserved_ip.ip}`)).reserved_ip.project_id).to.equal(
      project.id,
    );
    const again = await test.post(`/v2/projects/${project.id}/resources`, { resources: [both[0]] });
    expect(again.body.resources[0].status).to.equal('already_assigned');
  });

  it('cannot be deleted while they hold anything', async () => {
    const { project } = (await create()).body;
    const { droplet } = (await test.post('/v2/droplets', dropletBody())).body;
    await test.post(`/v2/projects/${project.id}/resources`, { resources: [`do:droplet:${droplet.id}`] });
    expect((await test.send('DELETE', `/v2/projects/${project.id}`)).status).to.equal(412);
    test.pass(TEST_BOOT_MS);
    await test.send('DELETE', `/v2/droplets/${droplet.id}`);
    expect((await test.send('DELETE', `/v2/projects/${project.id}`)).status).to.equal(204);
  });

  it('have one default, which is so until another becomes it', async () => {
    const { project } = (await create()).body;
    const path = `/v2/projects/${project.id}`;
    expect((await test.send('PATCH', path, { is_default: true })).body.project.is_default).to.equal(true);
    expect((await test.read('/v2/projects/default')).project.id).to.equal(project.id);
    expect(
      (await test.read('/v2/projects')).projects.filter((it: { is_default: boolean }) => it.is_default),
    ).to.have.length(1);
    expect((await test.send('PATCH', path, { is_default: false })).status).to.equal(422);
  });

  it('are replaced whole by PUT, and in part by PATCH', async () => {
    const { project } = (await create({ description: 'one' })).body;
    const path = `/v2/projects/${project.id}`;
    expect((await test.send('PUT', path, { name: 'other' })).status).to.equal(422);
    const patched = await test.send('PATCH', path, { environment: 'Production' });
    expect(patched.body.project).to.include({ name: 'shop', description: 'one', environment: 'Production' });
  });

  it('do not share a name, and keep within its length', async () => {
    await create();
    expect((await create()).status).to.equal(409);
    expect((await create({ name: 'x'.repeat(176) })).status).to.equal(422);
    expect((await create({ name: 'y', purpose: 'x'.repeat(256) })).status).to.equal(422);
    expect((await create({ name: 'y', environment: 'Moon' })).status).to.equal(422);
  });

  it('refuse what is no URN, and then move nothing', async () => {
    const { droplet } = (await test.post('/v2/droplets', dropletBody())).body;
    const { project } = (await create()).body;
    const resources = [`do:droplet:${droplet.id}`, 'droplet:1'];
    expect((await test.post(`/v2/projects/${project.id}/resources`, { resources })).status).to.equal(422);
    expect(await urns(project.id)).to.deep.equal([]);
  });
});
