import { expect } from 'chai';
import { editClusterCsv, readClusterCsv } from '../../../cli/world/cluster-csv.ts';
import { sourceOf } from '../../../cli/world/source.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../../clients/kubernetes/kinds.ts';
import { refused } from '../../../clients/kubernetes/errors.ts';
import { FLEET_CONFIG_MAP } from '../../../crds/names.ts';
import { fakeKubernetesClient } from '../../fakes/kubernetes-client.ts';
import { rejection } from '../../fakes/rejection.ts';

const TEXT = '# Ours\nProject,Servers,MasterSpec,WebSpec\nshop, 2 ,,\n';
const KEY = 'ours/dropfleet-config';

const configMap = (name: string, content: Pick<ConfigMap, 'data' | 'binaryData'>): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'ours' },
  ...content,
});
const rows = (content: Pick<ConfigMap, 'data' | 'binaryData'>) => configMap('dropfleet-config', content);
const record = (source: string) => configMap(FLEET_CONFIG_MAP, { data: { source } });

function placeWith(...objects: ConfigMap[]) {
  const kubernetes = fakeKubernetesClient(objects);
  return { kubernetes, namespace: 'ours' };
}

describe("A cluster's rows", () => {
  it('are what its ConfigMap says, also before an operator wrote that down', async () => {
    for (const said of [[], [record('ConfigMap dropfleet-config')]])
      expect(
        (await readClusterCsv(placeWith(rows({ data: { 'projects.csv': TEXT } }), ...said)))?.text,
      ).to.equal(TEXT);
  });

  it('are unknown without that ConfigMap, without that key, and where the fleet follows a file elsewhere', async () => {
    for (const objects of [
      [],
      [rows({ data: { 'deployment_config.json': '{}' } })],
      [rows({})],
      [rows({ data: { 'projects.csv': TEXT } }), record('laptop:/srv/projects.csv')],
    ])
      expect(await readClusterCsv(placeWith(...objects))).to.equal(undefined);
  });

  it('are unknown to whoever may not read them', async () => {
    const place = placeWith(rows({ data: { 'projects.csv': TEXT } }));
    const forbidden = () => refused({ method: 'GET', path: '/x' }, 403, { reason: 'Forbidden' });
    place.kubernetes.failNext('get', forbidden());
    place.kubernetes.failNext('get', forbidden());
    expect(await readClusterCsv(place)).to.equal(undefined);
  });

  it('are not taken for none when the API fails', async () => {
    const place = placeWith(rows({ data: { 'projects.csv': TEXT } }));
    place.kubernetes.failNext('get', refused({ method: 'GET', path: '/x' }, 500, {}));
    expect((await rejection(readClusterCsv(place))).message).to.contain('HTTP 500');
  });

  it('are edited in one cell, and nothing else of the ConfigMap is touched', async () => {
    const place = placeWith(rows({ data: { 'projects.csv': TEXT, other: 'stays' } }));
    await editClusterCsv(place, (await readClusterCsv(place))!, 'shop', 5);
    expect(place.kubernetes.stored<ConfigMap>(CONFIG_MAPS, KEY)!.data).to.deep.equal({
      'projects.csv': TEXT.replace(' 2 ', ' 5 '),
      other: 'stays',
    });
  });

  it('keep their code page, which kubectl puts under binaryData', async () => {
    const text = TEXT.replace('Ours', 'Größe');
    const bytes = (of: string) => Buffer.from(of, 'latin1').toString('base64');
    const place = placeWith(rows({ binaryData: { 'projects.csv': bytes(text) } }));
    const csv = (await readClusterCsv(place))!;
    expect(csv.text).to.equal(text);
    await editClusterCsv(place, csv, 'shop', 5);
    const { data, binaryData } = place.kubernetes.stored<ConfigMap>(CONFIG_MAPS, KEY)!;
    expect(binaryData).to.deep.equal({ 'projects.csv': bytes(text.replace(' 2 ', ' 5 ')) });
    expect(data).to.equal(undefined);
  });

  it("are not written over somebody else's edit", async () => {
    const place = placeWith(rows({ data: { 'projects.csv': TEXT } }));
    const csv = (await readClusterCsv(place))!;
    const theirs = TEXT.replace('shop', 'blog');
    await place.kubernetes.patch(CONFIG_MAPS, KEY, { data: { 'projects.csv': theirs } });
    const { message } = await rejection(editClusterCsv(place, csv, 'shop', 5));
    expect(message).to.match(/was just changed by somebody else; .*: try again/);
    expect(place.kubernetes.stored<ConfigMap>(CONFIG_MAPS, KEY)!.data).to.deep.equal({
      'projects.csv': theirs,
    });
  });
});

describe('The source of a fleet', () => {
  it('is the ConfigMap for what is mounted from it, and else a file of this machine', () => {
    expect(sourceOf('/etc/dropfleet/projects.csv')).to.equal('ConfigMap dropfleet-config');
    expect(sourceOf('/etc/dropfleet-old/projects.csv')).to.match(/:\/etc\/dropfleet-old\/projects\.csv$/);
    expect(sourceOf('projects.csv')).to.match(/^[^:]+:\/.*\/projects\.csv$/);
  });
});
