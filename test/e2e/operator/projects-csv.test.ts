import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findCondition } from '../../../crds/conditions.ts';
import { describeOnApiServers } from '../../environment/api-server.ts';
import { confirmationOf } from '../../../reconcilers/gate/confirmation.ts';
import {
  openOperatorWorld,
  type OperatorWorld,
  type RunningOperator,
} from '../../environment/operator-world.ts';

const HEADER = 'Project,Servers,MasterSpec,WebSpec\n';
const SMALL = 's-1vcpu-1gb';
const row = (project: string, servers: number): string => `${project},${servers},${SMALL},${SMALL}`;
const csv = (...rows: string[]): string => `${HEADER}${rows.join('\n')}\n`;

describeOnApiServers('projects.csv', server => {
  describe('however it is written', () => {
    let world: OperatorWorld;

    before(async () => {
      world = await openOperatorWorld(server());
      await mountConfigMap(world, '..first', csv(row('shop', 1)));
      world.startOperator();
      await world.untilReady('shop', 1);
    });
    after(() => world.close());

    it("is noticed when a ConfigMap's links are swapped", async () => {
      await mountConfigMap(world, '..second', csv(row('shop', 2)));
      await world.untilReady('shop', 2);
    });

    it('is noticed when an editor renames a new file over it', async () => {
      const draft = `${world.csvPath}~`;
      await writeFile(draft, csv(row('shop', 3)));
      await rename(draft, world.csvPath);
      await world.untilReady('shop', 3);
    });

    it('is noticed when it is written in place', async () => {
      await writeFile(world.csvPath, csv(row('shop', 2), row('blog', 1)));
      await world.untilReady('shop', 2);
      await world.untilReady('blog', 1);
      expect(world.effects()).to.deep.equal({ created: 4, destroyed: 1 });
    });
  });

  describe('against edits by hand', () => {
    let world: OperatorWorld;
    let operator: RunningOperator;

    before(async () => {
      world = await openOperatorWorld(server());
      await world.writeCsv(row('shop', 2));
      operator = world.startOperator();
      await world.untilReady('shop', 2);
    });
    after(() => world.close());

    it('wins, and not one server is made meanwhile', async () => {
      const { generation } = world.project('shop')!.metadata;
      await world.kubectl.succeed('scale', 'project', 'shop', '--replicas', '5');
      await world.until('shop put back', () => {
        const { metadata, spec, status } = world.project('shop')!;
        return metadata.generation! >= generation! + 2 && status?.observedGeneration === metadata.generation
          ? spec.servers === 2
          : false;
      });
      await world.untilReady('shop', 2);
      expect(world.dropletNames()).to.deep.equal(['shop-master', 'shop-web1']);
      expect(world.effects()).to.deep.equal({ created: 2, destroyed: 0 });
    });

    it('recreates a Project that was deleted by hand', async () => {
      const { uid } = world.project('shop')!.metadata;
      await world.kubectl.succeed('delete', 'project', 'shop');
      await world.until('another shop', () => (world.project('shop')?.metadata.uid ?? uid) !== uid);
      await world.untilReady('shop', 2);
      expect(world.effects()).to.deep.equal({ created: 4, destroyed: 2 });
    });

    it('leaves a Project alone that a person applied', async () => {
      const manifest = `${world.csvPath}.yaml`;
      await writeFile(manifest, BY_HAND);
      await world.kubectl.succeed('apply', '-f', manifest);
      await world.untilReady('byhand', 1);
      const before = world.project('byhand')!.metadata.generation;
      await world.writeCsv(row('shop', 3), row('byhand', 4));
      await world.untilReady('shop', 3);
      expect(world.project('byhand')!.spec.servers).to.equal(1);
      await world.writeCsv(row('shop', 2));
      // Two droplets were destroyed a moment ago, and each that follows counts with them.
      await world.letThrough('shop');
      await world.untilReady('shop', 2);
      expect(world.project('byhand')!.metadata.generation).to.equal(before);
      expect(world.project('byhand')!.metadata.deletionTimestamp).to.equal(undefined);
    });

    it('says that the row of such a Project has no effect', () => {
      const warnings = operator.log.filter(({ level }) => level === 'warn').map(({ message }) => message);
      expect(warnings.join()).to.contain(
        'has a row for byhand, but a Project of that name was applied by hand',
      );
    });
  });

  describe('that would delete too much', () => {
    let world: OperatorWorld;
    const condition = (name: string) =>
      findCondition(world.project(name)?.status?.conditions, 'ConfirmationRequired');
    const isHeld = (...names: string[]): boolean =>
      names.every(name => names.every(other => condition(name)?.message.includes(` of ${other} `)));

    before(async () => {
      world = await openOperatorWorld(server());
      await world.writeCsv(row('blog', 1), row('docs', 1), row('forum', 1), row('shop', 2));
      world.startOperator();
      for (const name of ['blog', 'docs', 'forum']) await world.untilReady(name, 1);
      await world.untilReady('shop', 2);
    });
    after(() => world.close());
    afterEach(() => expect(world.effects().created).to.equal(5));

    it('is held, and tells the Projects that it concerns', async () => {
      await world.writeCsv(row('docs', 1), row('shop', 2));
      await world.until('the hold', () => isHeld('blog', 'forum'));
      expect(condition('blog')!.message).to.match(
        /^held: destroy 1 droplet of blog \(its row is gone\): blog-master; destroy 1 droplet of forum .*; would destroy 2 of 5 droplets and 2 whole projects within ten minutes; the limit without a confirmation is 2 droplets and 1 whole project/,
      );
      expect(condition('docs')).to.equal(undefined);
      expect(condition('shop')).to.equal(undefined);
      const columns = await world.kubectl.succeed('get', 'project', 'blog', '--no-headers');
      expect(columns).to.match(/ConfirmationRequired/);
    });

    it('is not let through by a confirmation of something else', async () => {
      const { uid } = world.project('blog')!.metadata;
      const other = confirmationOf(
        [
          {
            verb: 'destroy',
            cause: 'row removed',
            project: `${world.namespace}/blog`,
            name: 'blog-master',
            uid: uid!,
          },
        ],
        Date.now() + 600_000,
      );
      await world.kubectl.succeed('annotate', 'project', 'blog', `dropfleet.io/confirm=${other}`);
      // Another row's change is made only when nothing is held, so the hold's new words are the proof of a look.
      await world.writeCsv(row('shop', 2));
      await world.until('a wider hold', () => isHeld('blog', 'docs', 'forum'));
      expect(world.effects().destroyed).to.equal(0);
    });

    it('is released when the rows are back', async () => {
      await world.writeCsv(row('blog', 1), row('docs', 1), row('forum', 1), row('shop', 2));
      await world.until('no hold', () => condition('docs') === undefined && condition('blog') === undefined);
      expect(world.effects().destroyed).to.equal(0);
    });

    it('is held with a header alone', async () => {
      await writeFile(world.csvPath, HEADER);
      await world.until('the hold', () => isHeld('blog', 'docs', 'forum', 'shop'));
      await world.writeCsv(row('blog', 1), row('docs', 1), row('forum', 1), row('shop', 2));
      await world.until('no hold', () => condition('shop') === undefined);
      expect(world.effects().destroyed).to.equal(0);
    });

    it('is let through by the very command that the condition names, and nothing else is', async () => {
      await world.writeCsv(row('docs', 1), row('shop', 2));
      await world.until('the hold', () => isHeld('blog', 'forum'));
      await world.letThrough('blog');
      await world.until('the end of both', () => !world.project('blog') && !world.project('forum'));
      expect(world.dropletNames()).to.deep.equal(['docs-master', 'shop-master', 'shop-web1']);
      expect(world.effects().destroyed).to.equal(2);
    });
  });

  describe('that cannot be followed', () => {
    let world: OperatorWorld;
    let operator: RunningOperator;
    const complaints = (): number =>
      operator.log.filter(line => JSON.stringify(line).includes('no changes made')).length;
    const complainsAfter = async (change: () => Promise<void>): Promise<string> => {
      const before = complaints();
      await change();
      await world.until('a complaint', () => complaints() > before);
      return JSON.stringify(operator.log.findLast(line => JSON.stringify(line).includes('no changes made')));
    };

    before(async () => {
      world = await openOperatorWorld(server());
      await world.writeCsv(row('blog', 1), row('shop', 1));
      operator = world.startOperator();
      await world.untilReady('blog', 1);
      await world.untilReady('shop', 1);
    });
    after(() => world.close());
    afterEach(() => {
      expect(world.effects()).to.deep.equal({ created: 2, destroyed: 0 });
      expect(world.dropletNames()).to.deep.equal(['blog-master', 'shop-master']);
    });

    it('changes nothing when it is empty', async () => {
      expect(await complainsAfter(() => writeFile(world.csvPath, ''))).to.contain('must be the header');
    });

    it('changes nothing when it breaks off in the middle of a row', async () => {
      const half = csv(row('shop', 1))
        .trimEnd()
        .slice(0, -SMALL.length - 1);
      expect(await complainsAfter(() => writeFile(world.csvPath, half))).to.match(/line|row/);
    });

    it('changes nothing when one of its rows is wrong', async () => {
      const wrong = csv(row('shop', 500));
      expect(await complainsAfter(() => writeFile(world.csvPath, wrong))).to.contain('500');
    });

    it('changes nothing when a row asks for a size that DigitalOcean does not have', async () => {
      const wrong = csv(`shop,1,s-1vcpu-3gb,${SMALL}`);
      expect(await complainsAfter(() => writeFile(world.csvPath, wrong))).to.contain('s-1vcpu-3gb');
    });

    it('changes nothing when it is missing', async () => {
      expect(await complainsAfter(() => rm(world.csvPath))).to.contain('cannot be read');
    });

    it('is followed again as soon as it is mended', async () => {
      await world.writeCsv(row('blog', 1), `shop,1,${SMALL},s-1vcpu-2gb`);
      await world.until('the change', () => world.project('shop')!.spec.webSpec === 's-1vcpu-2gb');
    });
  });

  describe('and infrastructure.json', () => {
    let world: OperatorWorld;
    const content = (): string => {
      try {
        return readFileSync(world.infrastructurePath, 'utf8');
      } catch {
        return '';
      }
    };
    const isAsObjectsSay = (): boolean => {
      const shop = (JSON.parse(content() || '{}') as { droplets?: Record<string, { ready: boolean }> })
        .droplets;
      return shop?.['shop-master']?.ready === true && shop['shop-web1']?.ready === true;
    };

    before(async () => {
      world = await openOperatorWorld(server());
      await world.writeCsv(row('shop', 2));
      world.startOperator();
      await world.untilReady('shop', 2);
    });
    after(() => world.close());

    it('has where everything is, by name', async () => {
      await world.until('infrastructure.json', isAsObjectsSay);
      const entry = (name: string, role: string) => ({
        ip: world.droplet(name)!.status!.server!.publicAddress,
        private_ip: world.droplet(name)!.status!.server!.privateAddress,
        role,
        project: 'shop',
        size: SMALL,
        region: 'nyc3',
        droplet_id: world.droplet(name)!.status!.server!.id,
        ready: true,
      });
      expect(JSON.parse(content())).to.deep.equal({
        droplets: { 'shop-master': entry('shop-master', 'master'), 'shop-web1': entry('shop-web1', 'web') },
        projects: {},
      });
    });

    it('puts it right when it was edited by hand', async () => {
      const before = content();
      await writeFile(world.infrastructurePath, before.replace(/"ip": "[^"]+"/, '"ip": "192.0.2.1"'));
      await world.until('the true addresses', () => content() === before);
    });

    it('puts it back when it was deleted', async () => {
      const before = content();
      await rm(world.infrastructurePath);
      await world.until('the file', () => content() === before);
    });
  });
});

const BY_HAND = `
apiVersion: dropfleet.io/v1alpha1
kind: Project
metadata: {name: byhand}
spec: {servers: 1, masterSpec: s-1vcpu-1gb, webSpec: s-1vcpu-1gb}
`;

/** What the kubelet does: the file is a link through `..data`, which is swapped for one to another folder. */
async function mountConfigMap({ csvPath }: OperatorWorld, version: string, text: string): Promise<void> {
  const folder = dirname(csvPath);
  await mkdir(join(folder, version));
  await writeFile(join(folder, version, 'projects.csv'), text);
  await symlink(version, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  await symlink('..data/projects.csv', csvPath).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}
