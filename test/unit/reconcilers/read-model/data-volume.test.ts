import { expect } from 'chai';
import type { ProjectStatus } from '../../../../crds/project.ts';
import type { ServiceDeployment } from '../../../../crds/service-deployment.ts';
import {
  isVolumeInPlace,
  keepsOnVolume,
  outlivesMaster,
} from '../../../../reconcilers/read-model/data-volume.ts';
import { addressOfMaster } from '../../../../reconcilers/read-model/master-address.ts';
import { summarizeServices } from '../../../../reconcilers/read-model/services.ts';
import { activeStatus, aDroplet, aProject, aServiceDeployment } from '../../../builders/objects.ts';

const VOLUME = { nonce: 'n', name: 'fleet-shop-data', id: 'v1', sizeGB: 10, serverID: 7 };
const ADDRESS = { address: '198.51.100.1', serverID: 7 };
const projectWith = (status: ProjectStatus, spec: object = { dataVolume: { sizeGB: 10 } }) =>
  aProject('shop', { spec, status });
const master = aDroplet('shop-master', { status: activeStatus(7, { publicAddress: '203.0.113.7' }) });
const database = (dataVolume?: string, volumes = [{ name: 'data', path: '/data' }]): ServiceDeployment =>
  aServiceDeployment(
    'shop-prod-db',
    {},
    { spec: { type: 'infra', volumes }, status: dataVolume === undefined ? {} : { dataVolume } },
  );

describe('What outlives a master', () => {
  const both = projectWith({ dataVolume: VOLUME, reservedIP: ADDRESS });

  it('are data and an address that are both where they should be', () => {
    expect(outlivesMaster(both, [database('fleet-shop-data')])).to.equal(true);
    expect(outlivesMaster(both, []), 'without a database').to.equal(true);
    expect(outlivesMaster(projectWith({ dataVolume: VOLUME }), [])).to.equal(false);
    expect(outlivesMaster(projectWith({ reservedIP: ADDRESS }), [])).to.equal(false);
    expect(outlivesMaster(undefined, [])).to.equal(false);
  });

  it('are not data that are on its own disk still, be the database stopped', () => {
    expect(outlivesMaster(both, [database()])).to.equal(false);
    expect(outlivesMaster(both, [database('another-volume')])).to.equal(false);
    const stopped = database();
    stopped.spec.stopped = true;
    expect(outlivesMaster(both, [stopped])).to.equal(false);
    expect(outlivesMaster(both, [database(undefined, [])]), 'of a cache that keeps nothing').to.equal(true);
  });
});

describe("The data of a project's services", () => {
  it('are on its volume from when it asks for one, and stay there', () => {
    expect(keepsOnVolume(database(), projectWith({}))).to.equal(true);
    expect(keepsOnVolume(database(), projectWith({ dataVolume: VOLUME }, {}))).to.equal(true);
    expect(keepsOnVolume(database(), projectWith({}, {}))).to.equal(false);
    expect(keepsOnVolume(database(undefined, []), projectWith({}))).to.equal(false);
    expect(keepsOnVolume(aServiceDeployment('shop-prod-api'), projectWith({}))).to.equal(false);
  });

  it('are to be had where the volume is mounted on the server that the master has now', () => {
    const project = projectWith({ dataVolume: VOLUME });
    expect(isVolumeInPlace(project, master)).to.equal(true);
    const next = aDroplet('shop-master', { status: activeStatus(8) });
    expect(isVolumeInPlace(project, next)).to.equal(false);
    expect(isVolumeInPlace(project, undefined)).to.equal(false);
    expect(isVolumeInPlace(projectWith({ dataVolume: { nonce: 'n' } }), undefined)).to.equal(false);
  });
});

describe("A project's address", () => {
  it("is its reserved IP while that leads to the master, else the master's own", () => {
    expect(addressOfMaster(projectWith({ reservedIP: ADDRESS }), master)).to.equal('198.51.100.1');
    const elsewhere = projectWith({ reservedIP: { ...ADDRESS, serverID: 3 } });
    expect(addressOfMaster(elsewhere, master)).to.equal('203.0.113.7');
    expect(addressOfMaster(undefined, undefined)).to.equal(undefined);
  });

  it('is where its services are said to be', () => {
    const api = aServiceDeployment('shop-prod-api');
    const [summary] = summarizeServices([api], [master], [projectWith({ reservedIP: ADDRESS })]);
    expect(summary!.urls).to.deep.equal(['http://198.51.100.1/shop/prod/api/']);
  });
});
