/** What an nginx can do that older ones cannot. */
export interface NginxFeatures {
  /** 1.27.4: idle client connections outlive a reload. */
  hasKeepaliveMinTimeout: boolean;
}

/** The version in what `nginx -v` prints, such as `1.22.1`; undefined when it prints something else. */
export const parseNginxVersion = (output: string): string | undefined =>
  /\bnginx\/(\d+\.\d+\.\d+)/.exec(output)?.[1];

/** What that version can do. */
export const featuresOf = (version: string): NginxFeatures => ({
  hasKeepaliveMinTimeout: isAtLeast(version, [1, 27, 4]),
});

function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.split('.').map(Number);
  const at = least.findIndex((part, i) => part !== parts[i]);
  return at < 0 || (parts[at] ?? 0) > least[at]!;
}
