import { expect } from 'chai';
import type { ServiceDeployment } from '../../../../crds/service-deployment.ts';
import { desiredHostOf, engineFor, platformConflict } from '../../../../reconcilers/host/engine.ts';
import { aDroplet, aProject, aServiceDeployment } from '../../../builders/objects.ts';
import { createRig } from '../reconcile-rig.ts';

type Platform = ServiceDeployment['spec']['platform'];

/** The engine of the hosts of `shop` under an operator of podman, when its services ask for these platforms. */
function engineOf(...platforms: Platform[]): string {
  const services = platforms.map((platform, i) =>
    aServiceDeployment(`shop-prod-site${i}`, {}, { spec: platform ? { platform } : {} }),
  );
  return engineFor(createRig(services).context, { engine: 'podman' }, 'default/shop');
}

describe('The engine of a host', () => {
  it("is what its project's services ask for", () => {
    expect(engineOf('docker')).to.equal('docker');
    expect(engineOf(undefined, 'docker', 'docker')).to.equal('docker');
  });

  it("is the operator's where they ask for none", () => {
    expect(engineOf()).to.equal('podman');
    expect(engineOf(undefined)).to.equal('podman');
    expect(engineOf('kubernetes')).to.equal('podman');
  });

  it('is what most of them ask for, and of as many what the oldest does: the others are told', () => {
    expect(engineOf('docker', 'podman', 'docker')).to.equal('docker');
    expect(engineOf('docker', 'podman')).to.equal('docker');
    const [old, young] = ['docker', 'podman'].map((platform, i) =>
      aServiceDeployment(
        `shop-prod-${'ba'[i]}`,
        {},
        {
          metadata: { creationTimestamp: `2026-01-0${i + 1}T00:00:00Z` },
          spec: { platform: platform as 'docker' },
        },
      ),
    ) as [ServiceDeployment, ServiceDeployment];
    expect(platformConflict(old, [young, old])).to.equal(undefined);
    expect(platformConflict(young, [young, old])).to.match(
      /^it asks for podman, and shop-prod-b for docker: .* deployment_platform /,
    );
  });

  it('is no matter of the services of other projects', () => {
    const blog = aServiceDeployment('blog-prod-site', {}, { spec: { platform: 'docker' } });
    expect(engineFor(createRig([blog]).context, { engine: 'podman' }, 'default/shop')).to.equal('podman');
  });
});

describe('A host', () => {
  const desired = (servers: number, name: 'shop-master' | 'shop-web1') =>
    desiredHostOf(
      createRig([aProject('shop', { spec: { servers } })]).context,
      { engine: 'podman' },
      aDroplet(name),
    );

  it('has a registry when it is the master of a project with webs', () => {
    expect(desired(2, 'shop-master')).to.deep.equal({ role: 'master', engine: 'podman', hasRegistry: true });
    expect(desired(1, 'shop-master').hasRegistry).to.equal(false);
    expect(desired(2, 'shop-web1').hasRegistry).to.equal(false);
  });
});
