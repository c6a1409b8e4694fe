/**
 * Takes the output of a probe apart, of which nothing but the mark is believed.
 *
 * @returns what the sections printed, by name; only of those that ended, and with exit code 0.
 */
export function readFrames(stdout: string, mark: string): Map<string, string> {
  // Output, name, code, output, name, code, and what no mark ends.
  const parts = stdout.split(new RegExp(`\\n${mark} (\\S+) (\\d+)\\n`));
  const frames = new Map<string, string>();
  for (let i = 0; i + 3 < parts.length; i += 3)
    if (parts[i + 2] === '0') frames.set(parts[i + 1]!, parts[i]!);
  return frames;
}
