import { expect } from 'chai';
import { metricsHost } from '../../../cli/world/settings.ts';

describe('Metrics and health', () => {
  it('are for this machine alone, but in a pod, whose probes come from its node', () => {
    expect(metricsHost({ KUBECONFIG: '/root/.kube/config' })).to.equal('127.0.0.1');
    expect(metricsHost({ KUBERNETES_SERVICE_HOST: '10.96.0.1' })).to.equal('0.0.0.0');
  });
});
