import { isConflict, isForbidden, isNotFound } from '../../clients/kubernetes/errors.ts';
import { CONFIG_MAPS } from '../../clients/kubernetes/kinds.ts';
import { setServers } from '../../config/edit-projects-csv.ts';
import { decodeText, type TextEncoding } from '../../config/files.ts';
import { readFleetRecord } from '../../reconcilers/fleet-record/fleet-record.ts';
import { CommandFailure } from '../failure.ts';
import type { World } from './world.ts';

const CONFIG_MAP = 'dropfleet-config';
const KEY = 'projects.csv';

/** What the fleet record calls it. */
export const CONFIG_MAP_SOURCE = `ConfigMap ${CONFIG_MAP}`;
/** What messages call the file inside. */
export const clusterCsvName = `${CONFIG_MAP_SOURCE}/${KEY}`;

type Place = Pick<World, 'kubernetes' | 'namespace'>;

/** The cluster's own projects.csv. */
export interface ClusterCsv {
  text: string;
  /** Of the bytes, when they are no UTF-8: kubectl puts such a file under `binaryData`. */
  binary?: TextEncoding;
  resourceVersion: string;
}

/** Where the rows come from as the fleet says; undefined when it says nothing, or nothing to us. */
export async function recordedSource({ kubernetes, namespace }: Place): Promise<string | undefined> {
  try {
    return (await readFleetRecord(kubernetes, namespace)).source;
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}

/**
 * The rows that the cluster's operator follows; undefined when it holds none that can be read, or when its operator
 * follows a file of the machine that it runs on.
 */
export async function readClusterCsv(place: Place): Promise<ClusterCsv | undefined> {
  const source = await recordedSource(place);
  return source === undefined || source === CONFIG_MAP_SOURCE ? await csvInConfigMap(place) : undefined;
}

async function csvInConfigMap({ kubernetes, namespace }: Place): Promise<ClusterCsv | undefined> {
  try {
    const { metadata, data, binaryData } = await kubernetes.get(CONFIG_MAPS, `${namespace}/${CONFIG_MAP}`);
    const resourceVersion = metadata.resourceVersion!;
    const [text, bytes] = [data?.[KEY], binaryData?.[KEY]];
    if (text !== undefined) return { text, resourceVersion };
    if (bytes === undefined) return undefined;
    const decoded = decodeText(Buffer.from(bytes, 'base64'));
    return { text: decoded.text, binary: decoded.encoding, resourceVersion };
  } catch (error) {
    if (isNotFound(error) || isForbidden(error)) return undefined;
    throw error;
  }
}

/** Edits the project's row there, unless somebody else has edited the rows since they were read. */
export async function editClusterCsv(
  { kubernetes, namespace }: Place,
  { text, binary, resourceVersion }: ClusterCsv,
  project: string,
  servers: number,
): Promise<void> {
  const edited = setServers(text, project, servers, clusterCsvName);
  const content =
    binary === undefined
      ? { data: { [KEY]: edited } }
      : { binaryData: { [KEY]: Buffer.from(edited, binary).toString('base64') } };
  try {
    await kubernetes.patch(CONFIG_MAPS, `${namespace}/${CONFIG_MAP}`, {
      metadata: { resourceVersion },
      ...content,
    });
  } catch (error) {
    if (!isConflict(error)) throw error;
    throw new CommandFailure(
      `${CONFIG_MAP_SOURCE} was just changed by somebody else; no changes made: try again`,
    );
  }
}
