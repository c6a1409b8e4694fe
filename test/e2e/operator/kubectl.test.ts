import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DROPLETS } from '../../../clients/kubernetes/kinds.ts';
import { describeOnApiServers } from '../../environment/api-server.ts';
import { normalize } from '../../environment/kubectl.ts';
import { openOperatorWorld, type OperatorWorld } from '../../environment/operator-world.ts';

const SAMPLE = join(import.meta.dirname, '../../../deploy/samples/projects.yaml');

// One session of one person: each step finds what the ones before it left.
describeOnApiServers('A fleet by kubectl', server => {
  let world: OperatorWorld;

  before(async () => {
    world = await openOperatorWorld(server());
    world.startOperator({ csv: false });
  });
  after(() => world.close());

  it('apply makes servers', async () => {
    expect(await world.kubectl.succeed('apply', '-f', SAMPLE)).to.equal(
      'project.dropfleet.io/hostomatic created\nproject.dropfleet.io/digitalpixo created\n',
    );
    await world.untilReady('hostomatic', 3);
    await world.untilReady('digitalpixo', 1);
    expect(world.effects()).to.deep.equal({ created: 4, destroyed: 0 });
  });

  it('get shows what is asked for and how it stands', async () => {
    const projects = await world.kubectl.succeed('get', 'projects');
    expect(normalize(projects)).to.deep.equal([
      'NAME  SERVERS  READY  STATUS  MASTER  MONTHLY  AGE',
      'digitalpixo  1  1  AllReady  ADDRESS  $6.00  AGE',
      'hostomatic  3  3  AllReady  ADDRESS  $24.00  AGE',
    ]);
    const droplets = await world.kubectl.succeed('get', 'droplets');
    expect(normalize(droplets)).to.deep.equal([
      'NAME  PROJECT  ROLE  SIZE  PHASE  ADDRESS  READY  STATUS  AGE',
      'digitalpixo-master  digitalpixo  master  s-1vcpu-1gb  Active  ADDRESS  True  Ready  AGE',
      'hostomatic-master  hostomatic  master  s-1vcpu-2gb  Active  ADDRESS  True  Ready  AGE',
      'hostomatic-web1  hostomatic  web  s-1vcpu-1gb  Active  ADDRESS  True  Ready  AGE',
      'hostomatic-web2  hostomatic  web  s-1vcpu-1gb  Active  ADDRESS  True  Ready  AGE',
    ]);
  });

  it('get says which region new servers are in, as the Project asked', async () => {
    const path = 'jsonpath={.items[*].spec.region}';
    const regions = await world.kubectl.succeed('get', 'droplets', '-l', 'dropfleet.io/project', '-o', path);
    expect(regions).to.equal('nyc3 fra1 fra1 fra1');
  });

  it('wait sees the condition that it waits for', async () => {
    const said = await world.kubectl.succeed(
      'wait',
      '--for=condition=Ready',
      'project/hostomatic',
      '--timeout=5s',
    );
    expect(said).to.equal('project.dropfleet.io/hostomatic condition met\n');
  });

  it('scale changes how many servers there are', async () => {
    await world.kubectl.succeed('scale', 'project', 'digitalpixo', '--replicas', '3');
    await world.untilReady('digitalpixo', 3);
    expect(world.effects()).to.deep.equal({ created: 6, destroyed: 0 });
    await world.kubectl.succeed('scale', 'project', 'digitalpixo', '--replicas=1');
    await world.untilReady('digitalpixo', 1);
    expect(world.effects()).to.deep.equal({ created: 6, destroyed: 2 });
  });

  it('describe tells what happened', async () => {
    const project = await world.kubectl.succeed('describe', 'project', 'digitalpixo');
    expect(project).to.match(/Normal +ScaledUp .* created Droplet digitalpixo-web2/);
    expect(project).to.match(/Normal +ScaledDown .* deleted Droplet digitalpixo-web2/);
    const droplet = await world.kubectl.succeed('describe', 'droplet', 'hostomatic-web1');
    expect(droplet).to.match(/Normal +Creating .* creating droplet \d+ \(s-1vcpu-1gb\)/);
    expect(droplet).to.match(/Normal +Active .* droplet \d+ is active/);
  });

  it('explain says what a field means', async () => {
    const text = await world.kubectl.succeed('explain', 'project.spec.servers');
    expect(text.replaceAll(/\s+/g, ' ')).to.contain(
      'How many droplets the project has in all: one master, the rest webs.',
    );
  });

  it('delete destroys the servers before the objects go', async () => {
    const manifest = `${world.csvPath}.yaml`;
    await writeFile(manifest, SHOP);
    await world.kubectl.succeed('apply', '-f', manifest);
    await world.untilReady('shop', 2);
    const uid = world.droplet('shop-web1')!.metadata.uid!;
    // kubectl waits for the finalizers, so when it is back everything is gone.
    const deleted = world.kubectl.succeed('delete', '-f', manifest);
    // Two droplets were destroyed a moment ago: more are not within ten minutes, unless a person says so.
    await world.letThrough('shop');
    expect(world.effects().destroyed).to.equal(2);
    await deleted;
    const mine = { namespace: world.namespace, labelSelector: 'dropfleet.io/project=shop' };
    const { items } = await world.kubernetes.list(DROPLETS, mine);
    expect(items).to.deep.equal([]);
    expect(await world.owner.listDroplets(`dropfleet-uid:${uid}`)).to.deep.equal([]);
    expect(world.effects().destroyed).to.equal(4);
  });

  it('delete waits for as long as a server cannot be destroyed', async () => {
    world.sandbox.faults.set({ serverError: { operation: 'droplets.delete' } });
    await world.kubectl.succeed('delete', 'project', 'digitalpixo', '--wait=false');
    await world.letThrough('digitalpixo');
    await world.until('a refused delete', () => world.effects().destroyed >= 5);
    expect(world.project('digitalpixo')?.metadata.deletionTimestamp).to.be.a('string');
    expect(world.dropletNames()).to.contain('digitalpixo-master');
    world.sandbox.faults.clear();
    await world.until('the end', () => world.project('digitalpixo') === undefined);
    expect(world.dropletNames()).to.not.contain('digitalpixo-master');
  });
});

const SHOP = `
apiVersion: dropfleet.io/v1alpha1
kind: Project
metadata: {name: shop}
spec: {servers: 2, masterSpec: s-1vcpu-1gb, webSpec: s-1vcpu-1gb}
`;
