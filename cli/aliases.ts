/**
 * The spellings of the tool that dropfleet grew out of, such as `--scale hostomatic 5`, as the commands that they
 * stand for. Anything else comes back as it is.
 */
export function translateAliases(args: readonly string[]): string[] {
  const at = findAlias(args);
  if (at < 0) return [...args];
  const [name, value] = args[at]!.split(/=(.*)/s, 2) as [string, string | undefined];
  const command = COMMANDS.get(name)!;
  return [...command, ...(value === undefined ? [] : [value]), ...args.slice(at + 1), ...args.slice(0, at)];
}

/** Before a command's own words there are only options and their values; behind `--` or a command all is its own. */
function findAlias(args: readonly string[]): number {
  const at = args.findIndex(arg => COMMANDS.has(nameOf(arg)));
  const before = args.slice(0, Math.max(at, 0));
  const isOwn = before.some((arg, i) => arg === '--' || !(isOption(arg) || isOption(before[i - 1] ?? '')));
  return isOwn ? -1 : at;
}

const isOption = (arg: string): boolean => arg.startsWith('--');

const nameOf = (arg: string): string => arg.split('=', 1)[0]!;

/** By spelling, the words of the command. */
const COMMANDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['--init', ['init']],
  ['--plan', ['plan']],
  ['--orchestrate', ['orchestrate']],
  ['--status', ['status']],
  ['--scale', ['scale']],
  ['--cleanup', ['cleanup']],
  ['--update-ip', ['update-ip']],
  ['--deploy-uat', ['deploy', 'uat']],
  ['--deploy-prod', ['deploy', 'prod']],
  ['--reproduce', ['reproduce']],
  ['--monitor', ['monitor']],
  ['--recover', ['recover']],
]);
