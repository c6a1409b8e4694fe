import { expect } from 'chai';
import type { Condition } from '../../../../crds/meta.ts';
import { NOTIFY } from '../../../../reconcilers/notify/concern.ts';
import { factsOf, untoldTopics, type Objects } from '../../../../reconcilers/notify/facts-plan.ts';
import {
  aCondition,
  aDroplet,
  activeStatus,
  aProject,
  aRecovery,
  aServiceDeployment,
} from '../../../builders/objects.ts';

const { timings } = NOTIFY;
const MINUTE = 60_000;
/** When builders' conditions began. */
const START = Date.parse('2026-01-01T00:00:00Z');

const facts = (objects: Partial<Objects>, minutes = 0) =>
  factsOf({ projects: [], droplets: [], services: [], ...objects }, START + minutes * MINUTE, timings);
const kinds = (objects: Partial<Objects>, minutes = 0) =>
  facts(objects, minutes).facts.map(({ notice }) => `${notice.kind} ${notice.about} ${notice.side}`);

const web = (...conditions: Condition[]) =>
  aDroplet('shop-web1', { status: { ...activeStatus(1), conditions } });
const unready = (reason: string) => web(aCondition('Ready', 'False', reason));

describe('what people should be told', () => {
  it('is nothing of a fleet that is well', () => {
    expect(
      facts({ projects: [aProject('shop')], droplets: [web(aCondition('Ready', 'True'))] }),
    ).to.deep.equal({
      facts: [],
      nextMs: undefined,
    });
  });

  it('is that something is held, of a Project and of a Droplet that is to be deleted', () => {
    const held = aCondition('ConfirmationRequired', 'True');
    const droplet = { ...web(held), metadata: { ...web().metadata, deletionTimestamp: 'now' } };
    const projects = [aProject('shop', { status: { conditions: [held, aCondition('RowHeld', 'True')] } })];
    expect(kinds({ projects, droplets: [droplet] })).to.deep.equal([
      'held Project default/shop held',
      'held Project default/shop row',
      'held Droplet default/shop-web1 held',
    ]);
    expect(facts({ projects }).facts[0]!.notice).to.include({
      sentence: 'ConfirmationRequired is True',
      needsPerson: true,
      at: '2026-01-01T00:00:00Z',
    });
  });

  it('is that the last restore drill failed, once for each drill', () => {
    const drill = {
      request: 'one',
      step: 'Done',
      startedAt: '2026-01-01T00:00:00Z',
      message: 'why',
    } as const;
    const withDrill = (result: 'Passed' | 'Failed', request = 'one') =>
      aDroplet('shop-web1', { status: { ...activeStatus(1), drill: { ...drill, request, result } } });
    expect(kinds({ droplets: [withDrill('Passed')] })).to.deep.equal([]);
    const [first] = facts({ droplets: [withDrill('Failed')] }).facts;
    const [second] = facts({ droplets: [withDrill('Failed', 'two')] }).facts;
    expect(first!.notice).to.include({
      kind: 'drill-failed',
      sentence: 'restore drill failed: why',
      needsPerson: false,
    });
    expect(first!.id).to.not.equal(second!.id);
  });

  for (const [reason, kind, needsPerson] of [
    ['Dead', 'failure', false],
    ['Recovering', 'recovery-started', false],
    ['ApprovalNeeded', 'approval-needed', true],
    ['RecoveryFailed', 'recovery-failed', true],
    ['Recovered', 'recovery-finished', false],
  ] as const)
    it(`is ${kind} of a server that is ${reason}, at once`, () => {
      const status = reason === 'Recovered' ? 'True' : 'False';
      const droplets = [web(aCondition('Ready', status, reason), aCondition('Healthy', status, reason))];
      expect(kinds({ droplets })).to.deep.equal([`${kind} Droplet default/shop-web1 health`]);
      expect(facts({ droplets }).facts[0]!.notice.needsPerson).to.equal(needsPerson);
    });

  it('is that each step of a recovery has begun, once, whether the server is well meanwhile or not', () => {
    const idOf = (status: Condition['status'], ...recovery: Parameters<typeof aRecovery>): string => {
      const conditions = [aCondition('Healthy', status, 'Recovering')];
      const droplet = aDroplet('shop-web1', {
        status: { ...activeStatus(1), recovery: aRecovery(...recovery), conditions },
      });
      return facts({ droplets: [droplet] }).facts[0]!.id;
    };
    expect(idOf('True', 1, 'Replace')).to.equal(idOf('False', 1, 'Replace'));
    expect(idOf('False', 1, 'PowerCycle')).to.not.equal(idOf('False', 1, 'Replace'));
  });

  it('is that a server failed before its recovery began, unless a person asked for that', () => {
    const causeOf = (cause: string) => {
      const recovery = { ...aRecovery(1, 'Replace'), cause };
      const conditions = [aCondition('Healthy', 'False', 'Recovering')];
      const droplet = aDroplet('shop-web1', { status: { ...activeStatus(1), recovery, conditions } });
      return facts({ droplets: [droplet] }).facts[0]!.cause;
    };
    expect(causeOf('unreachable for shop-master')).to.include({
      kind: 'failure',
      sentence: 'unreachable for shop-master',
    });
    expect(causeOf('a person asked for it')).to.equal(undefined);
  });

  it('is that a server is not Ready, once it has been so for five minutes', () => {
    const droplets = [unready('Unreachable')];
    expect(facts({ droplets }, 4)).to.deep.equal({ facts: [], nextMs: MINUTE });
    expect(kinds({ droplets }, 5)).to.deep.equal(['failure Droplet default/shop-web1 health']);
    expect(facts({ droplets }, 5).nextMs).to.equal(25 * MINUTE);
  });

  it('is at once that servers are not Ready which were found within a minute, one after the other', () => {
    const lost = (name: string, found: string) =>
      aDroplet(name, {
        status: {
          ...activeStatus(1),
          conditions: [{ ...aCondition('Ready', 'False', 'Unreachable'), lastTransitionTime: found }],
        },
      });
    const droplets = [
      lost('shop-web3', '2026-01-01T00:01:01Z'),
      lost('shop-web1', '2026-01-01T00:00:00Z'),
      lost('shop-web2', '2026-01-01T00:01:00Z'),
    ];
    const toldAt = (minutes: number) => facts({ droplets }, minutes).facts.map(({ notice }) => notice.about);
    expect(toldAt(4.9)).to.deep.equal([]);
    expect(toldAt(5)).to.deep.equal(['Droplet default/shop-web1', 'Droplet default/shop-web2']);
    expect(toldAt(6)).to.have.length(3);
  });

  it('is not that a service waits for a server of its project that is told of itself', () => {
    const service = (name: string) =>
      aServiceDeployment(
        name,
        {},
        {
          spec: { version: 'v1' },
          status: { conditions: [aCondition('Ready', 'False', 'ServerUnreachable')] },
        },
      );
    const services = [service('shop-prod-web'), service('blog-prod-web')];
    expect(kinds({ droplets: [unready('Unreachable')], services }, 20)).to.deep.equal([
      'failure Droplet default/shop-web1 health',
      'failure ServiceDeployment default/blog-prod-web health',
    ]);
    const objects = { projects: [], droplets: [unready('Unreachable')], services };
    expect([...untoldTopics(objects)]).to.deep.equal(['ServiceDeployment default/shop-prod-web health']);
  });

  it('is not that a server is on its way, before a quarter of an hour', () => {
    const droplets = [unready('Configuring')];
    expect(facts({ droplets }, 14)).to.deep.equal({ facts: [], nextMs: MINUTE });
    expect(kinds({ droplets }, 15)).to.have.length(1);
  });

  it('needs a person when nothing moves by itself, and when it lasts for half an hour', () => {
    const needs = (reason: string, minutes: number) =>
      facts({ droplets: [unready(reason)] }, minutes).facts[0]!.notice.needsPerson;
    expect(needs('HostKeyMismatch', 5)).to.equal(true);
    expect(needs('Unreachable', 29)).to.equal(false);
    expect(needs('Unreachable', 30)).to.equal(true);
    const [early, late] = [5, 30].map(
      minutes => facts({ droplets: [unready('Unreachable')] }, minutes).facts[0]!,
    );
    expect(early!.id).not.to.equal(late!.id);
    expect(late!.notice.sentence).to.equal('not Ready for more than 30 minutes: Ready is False');
  });

  it('is the same occurrence as long as it is not Ready, whatever the reason, and another one afterwards', () => {
    const idOf = (condition: Condition) => facts({ droplets: [web(condition)] }, 10).facts[0]!.id;
    const first = aCondition('Ready', 'False', 'Unreachable');
    expect(idOf({ ...first, reason: 'NoDocker' })).to.equal(idOf(first));
    expect(idOf({ ...first, lastTransitionTime: '2026-01-01T00:04:00Z' })).not.to.equal(idOf(first));
  });

  it('is nothing of a server that is deleted, held, or off because its project is suspended', () => {
    const deleted = { ...unready('Deleting'), metadata: { ...web().metadata, deletionTimestamp: 'now' } };
    expect(facts({ droplets: [deleted, unready('Suspended')] }, 99).facts).to.deep.equal([]);
  });

  it('is that a deploy failed, and not besides that the service is not Ready', () => {
    const rejected = { release: 'r1', version: 'v2', reason: 'Unhealthy', message: 'it answered 500' };
    const conditions = [aCondition('Ready', 'False', 'Unhealthy')];
    const services = [
      aServiceDeployment('shop-prod-web', {}, { spec: { version: 'v2' }, status: { rejected, conditions } }),
    ];
    expect(kinds({ services }, 99)).to.deep.equal([
      'deploy-failed ServiceDeployment default/shop-prod-web deploy',
    ]);
    expect(facts({ services }).facts[0]!.notice.sentence).to.equal('it answered 500');
  });

  it('is that a deployed service is not Ready, but nothing of one that is stopped', () => {
    const conditions = [aCondition('Ready', 'False', 'Unhealthy')];
    const status = { observedGeneration: 1, conditions };
    const service = aServiceDeployment('shop-prod-web', {}, { spec: { version: 'v2' }, status });
    expect(kinds({ services: [service] }, 5)).to.deep.equal([
      'failure ServiceDeployment default/shop-prod-web health',
    ]);
    const stopped = { ...service, spec: { ...service.spec, stopped: true } };
    expect(kinds({ services: [stopped] }, 99)).to.deep.equal([]);
  });

  it('is that nothing is done in the fleet, and that firewalls are open or shut as they should not be', () => {
    const conditions = [aCondition('FirewallReady', 'False')];
    const projects = [aProject('shop', { status: { conditions } })];
    expect(kinds({ projects, standing: 'another account' }, 5)).to.deep.equal([
      'held Fleet standing',
      'failure Project default/shop firewall',
    ]);
  });
});
