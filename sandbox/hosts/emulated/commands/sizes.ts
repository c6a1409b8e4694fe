const UNITS = ['', 'K', 'M', 'G', 'T'];

/** Bytes as `-h` shows them: `512`, `1.6G`. */
export function humanSize(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  const value = bytes / 1024 ** power;
  const text = power > 0 && value < 10 ? (Math.ceil(value * 10) / 10).toFixed(1) : String(Math.ceil(value));
  return text + UNITS[power]!;
}

/** `512` and `1.6G` in bytes; NaN for what is no size. */
export function parseSize(text: string): number {
  const match = /^([\d.]+)([KMGT]?)$/.exec(text);
  return match === null ? Number.NaN : Number(match[1]) * 1024 ** UNITS.indexOf(match[2]!);
}
