import type { ConditionValue } from '../../crds/conditions.ts';
import type { ProjectStatus } from '../../crds/project.ts';
import type { HolderView, MasterView } from '../master/model.ts';
import { priced } from '../read-model/volume-cost.ts';

/** What a Project's status says of its volume. */
export type VolumeStatus = NonNullable<ProjectStatus['dataVolume']>;

/** A volume in the cloud, as far as a plan needs to know it. */
export interface VolumeView {
  id: string;
  name: string;
  sizeGB: number;
  /** Its tags say that it is this fleet's and this Project's; or this fleet's, and another Project's, who is no more. */
  owner: 'ours' | 'former' | 'foreign';
  /** The droplet that has it. */
  holderID?: number;
}

/** The master's server, and what is mounted there. */
export interface MountView extends MasterView {
  /** The volume, empty for none; undefined while its host has not said. */
  mounted?: string;
}

export interface DataVolumeInput {
  /** What the spec asks for; undefined when it no longer does. */
  wantedGB?: number;
  status: VolumeStatus;
  /** Where the master is to be; undefined while there is no such Droplet. */
  region?: string;
  /** The one whose id the status names, or of the name. */
  volume?: VolumeView;
  master?: MountView;
  holder?: HolderView;
}

export type DataVolumeStep =
  /** Writes down what is about to be asked for. */
  | { type: 'note' }
  | { type: 'create'; sizeGB: number }
  /** In place of one that was this project's and is gone. */
  | { type: 'create-again'; sizeGB: number; lost: string }
  | { type: 'take-over'; id: string }
  | { type: 'adopt'; id: string }
  | { type: 'attach'; id: string; to: number }
  | { type: 'detach'; id: string; from: number }
  | { type: 'resize'; id: string; sizeGB: number }
  | { type: 'mount'; on: number; sizeGB: number };

/** What to do now, and what to say of it. */
export interface DataVolumePlan {
  step?: DataVolumeStep;
  condition: ConditionValue;
  /** Whether services may write to it where the status says that it is mounted. */
  isInPlace: boolean;
  /** How soon to look again. */
  pace: 'poll' | 'retry' | 'look';
}

/**
 * How a project gets its volume, and how that gets to the master:
 *
 *     the volume                              | the master's server          | step
 *     ----------------------------------------+------------------------------+------------------------------------
 *     none is asked for in the status         | there is a master            | write down what is about to be asked
 *     none of that name                       | any                          | ask for it: the name is unique
 *     one of that name, of a former Project   | any                          | take it over; a person confirms it
 *     one of that name, of somebody else      | any                          | wait for a person
 *     one of that name, with our tags         | any                          | it is the one
 *     the one that was ours is gone           | any                          | another, empty; a person confirms it
 *     is at another server, which is off and  | any                          | detach
 *       was the master's                      |                              |
 *     is at another server                    | any                          | wait: nothing is taken from what runs
 *     is at no server                         | there, not to be replaced    | attach
 *     is at no server                         | on its way                   | wait
 *     is smaller than asked for               | has it                       | resize
 *     is not mounted, or its file system is   | has it, and can be reached   | mount, and let that fill the volume
 *       smaller                               |                              |
 *     is larger than asked for                | has it mounted               | say so: it does not shrink
 *
 * It is destroyed by nobody here.
 */
export function planDataVolume(input: DataVolumeInput): DataVolumePlan {
  const { status, region, volume, wantedGB } = input;
  if (status.nonce === undefined)
    return region === undefined
      ? poll(no('NoMaster', 'the master is not there yet, whose region the volume is to be in'))
      : poll(no('Creating', 'asking for the volume'), { type: 'note' });
  if (volume === undefined || volume.owner !== 'ours') return planPossession(input, volume);
  if (status.id !== volume.id) return poll(no('Creating', 'it is there'), { type: 'adopt', id: volume.id });
  if (volume.holderID === undefined || volume.holderID !== input.master?.id) return planMove(input, volume);
  const plan = planMount(input, volume, input.master);
  return plan.condition.status === 'True' ? { ...plan, condition: ready(volume, wantedGB) } : plan;
}

function planPossession(
  { status, wantedGB }: DataVolumeInput,
  volume: VolumeView | undefined,
): DataVolumePlan {
  const { id, name, sizeGB } = status;
  if (id !== undefined && (volume === undefined || volume.id !== id)) {
    const message = `the volume ${name} (${id}) is gone`;
    const step = { type: 'create-again', sizeGB: wantedGB ?? sizeGB ?? 1, lost: id } as const;
    return volume === undefined ? retry(no('Missing', message), step) : retry(no('Missing', message));
  }
  if (volume === undefined)
    return wantedGB === undefined
      ? retry(no('NotAsked', 'no volume is asked for'))
      : poll(no('Creating', `asking for ${name}, ${priced(wantedGB)}`), { type: 'create', sizeGB: wantedGB });
  if (volume.owner === 'former')
    return retry(no('Former', `${name} holds the data of a former Project of that name`), {
      type: 'take-over',
      id: volume.id,
    });
  const message = `the account has a volume ${name} (${volume.id}) whose tags do not say that it is this project's: rename or remove it at DigitalOcean`;
  return retry(no('NameTaken', message));
}

/** It is not where it should be. */
function planMove({ master, holder }: DataVolumeInput, { id, name, holderID }: VolumeView): DataVolumePlan {
  if (holderID !== undefined) {
    if (holder === undefined)
      return poll(
        no(
          'Moving',
          `${name} is at droplet ${holderID}, which is gone: waiting for DigitalOcean to detach it`,
        ),
      );
    if (holder.isOff && holder.isFormer)
      return poll(no('Moving', `taking ${name} from droplet ${holderID}, which was replaced and is off`), {
        type: 'detach',
        id,
        from: holderID,
      });
    const why = holder.isFormer
      ? 'which was the master before and is not off yet: nothing is taken from a server that may run'
      : "which is not this project's master: detach it at DigitalOcean, if that server can do without";
    return (holder.isFormer ? poll : retry)(no('Held', `${name} is at droplet ${holderID}, ${why}`));
  }
  if (master === undefined || master.isReplaced || !master.isIdle)
    return poll(no('WaitingForMaster', `${name} waits for the master's server`));
  return poll(no('Attaching', `attaching ${name} to droplet ${master.id}`), {
    type: 'attach',
    id,
    to: master.id,
  });
}

function planMount(
  { status, wantedGB = 0 }: DataVolumeInput,
  { id, name, sizeGB }: VolumeView,
  master: MountView,
): DataVolumePlan {
  // A host that cannot be asked is as it was when it last said something.
  const isInPlace =
    status.serverID === master.id && (master.mounted === name || master.mounted === undefined);
  const at = (plan: DataVolumePlan): DataVolumePlan => ({ ...plan, isInPlace });
  if (wantedGB > sizeGB)
    return at(
      poll(no('Growing', `growing ${name} from ${sizeGB} to ${priced(wantedGB)}`), {
        type: 'resize',
        id,
        sizeGB: wantedGB,
      }),
    );
  if (isInPlace && (status.sizeGB ?? 0) >= sizeGB) return { condition: YES, isInPlace, pace: 'look' };
  if (!master.isReachable) return at(poll(no('Mounting', `waiting for the master's host to mount ${name}`)));
  return at(
    poll(no('Mounting', `mounting ${name} on droplet ${master.id}`), {
      type: 'mount',
      on: master.id,
      sizeGB,
    }),
  );
}

const YES: ConditionValue = { status: 'True', reason: 'Mounted', message: '' };

/** What a shrinking spec asks for cannot be had; what it has goes on. */
function ready({ name, sizeGB }: VolumeView, wantedGB: number | undefined): ConditionValue {
  const what = `${name} (${priced(sizeGB)}) is mounted on the master`;
  if (wantedGB === undefined)
    return {
      ...YES,
      reason: 'Kept',
      message: `${what}; spec.dataVolume was removed, but services have their data there, so it stays`,
    };
  if (wantedGB < sizeGB)
    return no(
      'CannotShrink',
      `${what}; it cannot shrink to ${wantedGB} GB: set spec.dataVolume.sizeGB to ${sizeGB}`,
    );
  return { ...YES, message: what };
}

const no = (reason: string, message: string): ConditionValue => ({ status: 'False', reason, message });

const planWith =
  (pace: DataVolumePlan['pace']) =>
  (condition: ConditionValue, step?: DataVolumeStep): DataVolumePlan => ({
    condition,
    isInPlace: false,
    pace,
    ...(step && { step }),
  });

const poll = planWith('poll');
const retry = planWith('retry');
