import { isIPv4 } from 'node:net';
import type { Program } from '../model.ts';
import { fail } from '../shell/process.ts';

/** What `ip address add` takes, as far as it does anything here: one more address of loopback. */
const ADD = /^a(?:ddr(?:ess)?)? add (\S+)\/32 dev lo$/;

const ip: Program = process => {
  const { args, credentials, machine } = process;
  const [, address] = ADD.exec(args.slice(1).join(' ')) ?? [];
  if (address === undefined || !isIPv4(address))
    return fail(process, 'only "ip address add ADDRESS/32 dev lo" is emulated', 255);
  if (credentials.uid !== 0) return fail(process, 'RTNETLINK answers: Operation not permitted', 2);
  const { loopback = [] } = machine.system;
  if (loopback.includes(address)) return fail(process, 'RTNETLINK answers: File exists', 2);
  machine.system = { ...machine.system, loopback: [...loopback, address] };
  return 0;
};

/** What gives a machine addresses. */
export const ADDRESSES: Readonly<Record<string, Program>> = { ip };
