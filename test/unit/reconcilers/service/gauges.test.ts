import { expect } from 'chai';
import { Registry } from 'prom-client';
import { registerIn } from '../../../../controllers/metrics.ts';
import { summarizeServices } from '../../../../reconcilers/read-model/services.ts';
import { SERVICE } from '../../../../reconcilers/service/concern.ts';
import { showServices } from '../../../../reconcilers/service/gauges.ts';
import { aCondition, aServiceDeployment } from '../../../builders/objects.ts';

describe('The metrics of services', () => {
  it('tell which of those that should run are Ready, and nothing of others', async () => {
    const ready = { observedGeneration: 1, conditions: [aCondition('Ready', 'True')] };
    const services = [
      aServiceDeployment('shop-prod-api', {}, { spec: { version: 'v1' }, status: ready }),
      aServiceDeployment('shop-prod-web', {}, { spec: { version: 'v1' } }),
      aServiceDeployment('shop-uat-api'),
      aServiceDeployment('shop-test-api', {}, { spec: { version: 'v1', stopped: true } }),
    ];
    const registry = new Registry();
    showServices(registerIn(registry)(SERVICE.metrics), () => summarizeServices(services, []));
    const text = await registry.getSingleMetricAsString('dropfleet_services');
    expect(text.split('\n').filter(line => !line.startsWith('#'))).to.deep.equal([
      'dropfleet_services{namespace="default",project="shop",environment="prod",service="api",ready="true"} 1',
      'dropfleet_services{namespace="default",project="shop",environment="prod",service="web",ready="false"} 1',
    ]);
  });
});
