import type { Process, Program } from '../model.ts';
import { absolutePath, fail, print } from '../shell/process.ts';
import { findUser, groupName } from '../users.ts';
import { readOptions } from './options.ts';
import { attemptEach } from './reading.ts';

const id: Program = async process => {
  const options = readOptions(process.args.slice(1), ['u', 'g', 'n', 'G']);
  const [name] = options.operands;
  const user = name === undefined ? process.user : findUser(process.files, name);
  if (user === undefined) return fail(process, `'${name}': no such user`);
  const group = (gid: number): string => groupName(process.files, gid);
  const groups = [...new Set(user.groups)];
  if (options.has('u')) await print(process, `${options.has('n') ? user.name : user.uid}\n`);
  else if (options.has('g')) await print(process, `${options.has('n') ? group(user.gid) : user.gid}\n`);
  else if (options.has('G'))
    await print(process, `${groups.map(gid => (options.has('n') ? group(gid) : gid)).join(' ')}\n`);
  else {
    const list = groups.map(gid => `${gid}(${group(gid)})`).join(',');
    await print(
      process,
      `uid=${user.uid}(${user.name}) gid=${user.gid}(${group(user.gid)}) groups=${list}\n`,
    );
  }
  return 0;
};

const whoami: Program = async process => {
  await print(process, `${process.user.name}\n`);
  return 0;
};

const hostname: Program = async process => {
  await print(process, Buffer.from(process.machine.files.read('/etc/hostname')).toString());
  return 0;
};

const UNAME: Readonly<Record<string, string>> = {
  s: 'Linux',
  r: '6.12.48+deb13-cloud-amd64',
  m: 'x86_64',
  o: 'GNU/Linux',
};

const uname: Program = async process => {
  const options = readOptions(process.args.slice(1), ['s', 'n', 'r', 'v', 'm', 'o', 'a']);
  const name = Buffer.from(process.machine.files.read('/etc/hostname')).toString().trim();
  const fields: Record<string, string> = { ...UNAME, n: name, v: '#1 SMP (emulated)' };
  const order = ['s', 'n', 'r', 'v', 'm', 'o'];
  const wanted = options.has('a') ? order : order.filter(letter => options.has(letter));
  await print(process, `${(wanted.length === 0 ? ['s'] : wanted).map(letter => fields[letter]).join(' ')}\n`);
  return 0;
};

const uptime: Program = async process => {
  const options = readOptions(process.args.slice(1), ['s', 'p']);
  const { machine } = process;
  const { system } = machine;
  const minutes = Math.floor((machine.now() - system.bootedAt) / 60_000);
  const since = new Date(system.bootedAt).toISOString().slice(0, 19).replace('T', ' ');
  await print(
    process,
    options.has('s') ? `${since}\n` : ` up ${minutes} min,  0 users,  load average: 0.00, 0.00, 0.00\n`,
  );
  return 0;
};

const DATE_FIELDS: Readonly<Record<string, (date: Date) => string>> = {
  s: date => String(Math.floor(date.getTime() / 1000)),
  N: date => `${String(date.getMilliseconds()).padStart(3, '0')}000000`,
  F: date => date.toISOString().slice(0, 10),
  T: date => date.toISOString().slice(11, 19),
  Y: date => date.toISOString().slice(0, 4),
  m: date => date.toISOString().slice(5, 7),
  d: date => date.toISOString().slice(8, 10),
  H: date => date.toISOString().slice(11, 13),
  M: date => date.toISOString().slice(14, 16),
  S: date => date.toISOString().slice(17, 19),
};

const date: Program = async process => {
  const options = readOptions(process.args.slice(1), ['u', 'd=|date=', 'I', 'R']);
  const [format = '+%F %T UTC'] = options.operands;
  const given = options.value('d');
  const when = new Date(
    given === undefined
      ? process.machine.now()
      : given.startsWith('@')
        ? Number(given.slice(1)) * 1000
        : given,
  );
  const text = format.slice(1).replace(/%3N/g, () => String(when.getMilliseconds()).padStart(3, '0'));
  await print(
    process,
    `${text.replace(/%([A-Za-z])/g, (_, letter: string) => DATE_FIELDS[letter]?.(when) ?? `%${letter}`)}\n`,
  );
  return 0;
};

/** Everything is kept when a command ends, so that there is nothing to do but to look for the files. */
const sync: Program = process => {
  const { operands } = readOptions(process.args.slice(1), ['f', 'd']);
  const naming = (name: string): string => `error opening '${name}'`;
  return attemptEach(process, operands, naming, name => process.files.stat(absolutePath(process, name)));
};

const SWAPS = '/proc/swaps';
const swapLines = ({ machine }: Process): string[] =>
  Buffer.from(machine.files.read(SWAPS)).toString().trimEnd().split('\n');

const swapon: Program = async process => {
  const options = readOptions(process.args.slice(1), ['a', 's', 'show|noheadings', 'p=']);
  const lines = swapLines(process);
  if (options.operands.length === 0) {
    await print(
      process,
      lines
        .slice(1)
        .map(line => `${line}\n`)
        .join(''),
    );
    return 0;
  }
  for (const name of options.operands) {
    const path = absolutePath(process, name);
    process.files.stat(path);
    if (lines.some(line => line.startsWith(`${path}\t`)))
      return fail(process, `${name}: swapon failed: Device or resource busy`, 255);
    lines.push(`${path}\tfile\t\t1048572\t\t0\t\t-2`);
  }
  process.machine.files.write(SWAPS, Buffer.from(`${lines.join('\n')}\n`));
  return 0;
};

/** Knows tables, not rules: whether they hold is the docker hosts' to show. */
const nft: Program = async process => {
  const options = readOptions(process.args.slice(1), ['f=', 'c', 'j', 'a']);
  const { machine } = process;
  const file = options.value('f');
  const text =
    file === undefined
      ? options.operands.join(' ')
      : Buffer.from(process.files.read(absolutePath(process, file))).toString();
  const [verb, object, family, name] = options.operands;
  if (verb === 'list' && object === 'table') {
    if (machine.system.tables.includes(`${family} ${name}`))
      return print(process, `table ${family} ${name} {\n}\n`).then(() => 0);
    return fail(process, 'Error: No such file or directory');
  }
  if (verb === 'list')
    return print(process, machine.system.tables.map(table => `table ${table}\n`).join('')).then(() => 0);
  if (process.credentials.uid !== 0) return fail(process, 'Operation not permitted (you must be root)');
  const tables = new Set(machine.system.tables);
  for (const [, action, table] of text.matchAll(/^\s*(?:(add|delete|destroy|flush) )?table (\w+ \w+)/gm))
    if (action === 'delete' || action === 'destroy') tables.delete(table!);
    else tables.add(table!);
  machine.system = { ...machine.system, tables: [...tables] };
  return 0;
};

/** What tells about the machine, and sets it up. */
export const SYSTEM: Readonly<Record<string, Program>> = {
  id,
  whoami,
  hostname,
  uname,
  uptime,
  date,
  sync,
  swapon,
  mkswap: () => 0,
  nft,
};
