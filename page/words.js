// How times are told.

const UNITS = /** @type {const} */ ([
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
]);

/**
 * `3 min`, of the time between then and now; never negative.
 *
 * @param {string} then RFC 3339
 * @param {number} now ms since 1970
 */
export function age(then, now) {
  const ms = Math.max(0, now - Date.parse(then));
  const [unit, size] = UNITS.find(([, each]) => ms >= each) ?? ['s', 1_000];
  return `${Math.floor(ms / size)} ${unit}`;
}

/** @param {number | undefined} dollars a month */
export const price = dollars => (dollars === undefined ? '' : `$${dollars.toFixed(2)}`);

/**
 * `a`, `a and b`, `a, b and c`.
 *
 * @param {readonly string[]} names
 */
export const inWords = names =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/**
 * `web1` of `shop-web1` in the project shop.
 *
 * @param {string} name
 * @param {string} project
 */
export const shortName = (name, project) =>
  name.startsWith(`${project}-`) ? name.slice(project.length + 1) : name;
