/**
 * The spellings of the tool that dropfleet grew out of, such as `--scale hostomatic 5` or
 * `--deploy-uat hostomatic`, as the commands that they stand for. Anything else comes back as it is.
 */
export function translateAliases(args: readonly string[]): string[] {
  const at = args.findIndex(arg => nameOf(arg) in ALIASES);
  if (at < 0) return [...args];
  const [name, value] = args[at]!.split(/=(.*)/s, 2) as [string, string | undefined];
  const command = ALIASES[name]!;
  return [...command, ...(value === undefined ? [] : [value]), ...args.slice(at + 1), ...args.slice(0, at)];
}

const nameOf = (arg: string): string => arg.split('=', 1)[0]!;

const ALIASES: Record<string, string[]> = {
  '--init': ['init'],
  '--plan': ['plan'],
  '--orchestrate': ['orchestrate'],
  '--status': ['status'],
  '--scale': ['scale'],
  '--cleanup': ['cleanup'],
  '--update-ip': ['update-ip'],
};
