import { expect } from 'chai';
import { dataServersWith, holdsData } from '../../../../reconcilers/last-snapshot/data-plan.ts';
import { activeStatus, aDroplet, aServiceDeployment } from '../../../builders/objects.ts';

const database = aServiceDeployment(
  'shop-prod-db',
  {},
  { spec: { type: 'infra', image: 'postgres:17', volumes: [{ name: 'data', path: '/data' }] } },
);
const cache = aServiceDeployment('shop-prod-cache', {}, { spec: { type: 'infra', image: 'redis:7' } });
const master = (dataServers?: number[]) =>
  aDroplet('shop-master', { status: { ...activeStatus(7), ...(dataServers && { dataServers }) } });

describe('What is remembered of data on disks', () => {
  it('is the server of a master on which services with volumes run', () => {
    expect(dataServersWith(master(), [cache, database])).to.deep.equal([7]);
    expect(dataServersWith(master([5]), [database])).to.deep.equal([5, 7]);
  });

  it('is nothing of services without volumes, of webs, or of what is not there', () => {
    expect(dataServersWith(master(), [cache])).to.equal(undefined);
    expect(dataServersWith(aDroplet('shop-web1', { status: activeStatus(7) }), [database])).to.equal(
      undefined,
    );
    expect(dataServersWith(aDroplet('shop-master'), [database])).to.equal(undefined);
  });

  it('outlives the services that wrote them, and is no news twice', () => {
    expect(dataServersWith(master([7]), [database])).to.equal(undefined);
    expect([holdsData(master([7]), 7), holdsData(master([7]), 8), holdsData(master(), 7)]).to.deep.equal([
      true,
      false,
      false,
    ]);
  });
});
