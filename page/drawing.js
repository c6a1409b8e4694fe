// The drawing of a project: who balances whom, who watches whom, and who votes against whom.
import { html, nothing, svg } from '../node_modules/lit-html/lit-html.js';
import { inWords, shortName } from './words.js';

/** @import {DropletView, ProjectView} from '../reconcilers/page/view.ts' */
/** @import {Suspicion} from '../reconcilers/health/suspicions.ts' */
/** @typedef {{ droplet: DropletView, x: number, y: number }} Place the middle of its box */

const BOX = { width: 92, height: 40 };
const ROW = 96;
/** Of the drawing, in units of its own, and how many servers fit side by side. */
const WIDE = { width: 640, inARow: 6 };
const NARROW = { width: 340, inARow: 3 };

/**
 * @param {ProjectView} project
 * @param {readonly Suspicion[]} suspected
 * @param {boolean} isNarrow
 */
export function drawing(project, suspected, isNarrow) {
  const size = isNarrow ? NARROW : WIDE;
  const places = placesOf(project.droplets, size);
  const master = places.find(({ droplet }) => droplet.role === 'master');
  const height = Math.max(...places.map(({ y }) => y)) + BOX.height / 2 + 8;
  const fed = new Set(
    project.services.flatMap(({ servers }) =>
      servers.filter(({ state }) => state === 'in').map(({ droplet }) => droplet),
    ),
  );
  return html`<svg
    class="drawing"
    viewBox="0 0 ${size.width} ${height}"
    role="img"
    aria-label=${told(project, suspected, fed)}
  >
    ${master ? arrow('visitors', { x: master.x, y: 4 }, { x: master.x, y: master.y - BOX.height / 2 }) : nothing}
    ${places.flatMap(place => (master === undefined || place === master ? [] : [feed(master, place, fed)]))}
    ${watches(places, suspected)} ${places.map(place => box(place, project.name))}
  </svg>`;
}

/**
 * The master above, the webs in rows below it.
 *
 * @param {readonly DropletView[]} droplets
 * @param {{ width: number, inARow: number }} size
 * @returns {Place[]}
 */
function placesOf(droplets, { width, inARow }) {
  const masters = droplets.filter(({ role }) => role === 'master');
  const webs = droplets.filter(({ role }) => role !== 'master');
  const top = 28 + BOX.height / 2;
  return [
    ...masters.map((droplet, at) => ({ droplet, x: (width * (at + 1)) / (masters.length + 1), y: top })),
    ...webs.map((droplet, at) => {
      const row = Math.floor(at / inARow);
      const beside = Math.min(inARow, webs.length - row * inARow);
      return { droplet, x: (width * ((at % inARow) + 0.5)) / beside, y: top + ROW * (row + 1) };
    }),
  ];
}

/**
 * @param {Place} place
 * @param {string} project
 */
const box = ({ droplet, x, y }, project) =>
  svg`<g class="box ${stance(droplet)}">
    <rect x=${x - BOX.width / 2} y=${y - BOX.height / 2} width=${BOX.width} height=${BOX.height} rx="8" />
    <text x=${x} y=${y - 3}>${shortName(droplet.name, project)}</text>
    <text class="state" x=${x} y=${y + 13}>${droplet.state}</text>
  </g>`;

/**
 * How a server is, as one of the classes of the style sheet.
 *
 * @param {Pick<DropletView, 'ready' | 'degraded' | 'stuck' | 'health'>} droplet
 */
export const stance = ({ ready, degraded, stuck, health }) => {
  if (stuck || health?.status === 'False') return 'bad';
  return ready ? 'good' : degraded ? 'bad' : 'moving';
};

/**
 * @param {Place} master
 * @param {Place} web
 * @param {ReadonlySet<string>} fed
 */
function feed(master, web, fed) {
  const from = { x: master.x, y: master.y + BOX.height / 2 };
  const to = { x: web.x, y: web.y - BOX.height / 2 };
  return arrow(fed.has(web.droplet.name) ? 'feeds' : 'rests', from, to);
}

/**
 * @param {string} kind
 * @param {{ x: number, y: number }} from
 * @param {{ x: number, y: number }} to
 */
const arrow = (kind, from, to) => svg`<line class=${kind} x1=${from.x} y1=${from.y} x2=${to.x} y2=${to.y} />`;

/**
 * Who watches whom, bent so that both directions are seen; red where there is a vote.
 *
 * @param {readonly Place[]} places
 * @param {readonly Suspicion[]} suspected
 */
function watches(places, suspected) {
  const byName = new Map(places.map(place => [place.droplet.name, place]));
  const votes = new Set(suspected.flatMap(({ name, by }) => by.map(observer => `${observer} ${name}`)));
  return places.flatMap(from =>
    from.droplet.monitors.flatMap(name => {
      const to = byName.get(name);
      if (to === undefined) return [];
      return [curve(from, to, votes.has(`${from.droplet.name} ${name}`) ? 'votes' : 'watches')];
    }),
  );
}

/**
 * @param {Place} from
 * @param {Place} to
 * @param {string} kind
 */
function curve(from, to, kind) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const bend = 0.14;
  const middle = {
    x: (from.x + to.x) / 2 - dy * bend,
    y: (from.y + to.y) / 2 + dx * bend + (dy === 0 ? 12 * Math.sign(dx) : 0),
  };
  return svg`<path class=${kind} d=${`M${from.x} ${from.y}Q${middle.x} ${middle.y} ${to.x} ${to.y}`} />`;
}

/**
 * The drawing, for who does not see it.
 *
 * @param {ProjectView} project
 * @param {readonly Suspicion[]} suspected
 * @param {ReadonlySet<string>} fed
 */
function told({ name, droplets }, suspected, fed) {
  const master = droplets.find(({ role }) => role === 'master');
  const own = suspected.filter(({ project }) => project === name);
  const sentences = [
    master === undefined
      ? `${name} has no master`
      : `${master.name} sends requests to ${inWords([...fed]) || 'no server'}`,
    ...droplets
      .filter(({ monitors }) => monitors.length > 0)
      .map(one => `${one.name} watches ${inWords(one.monitors)}`),
    ...own.map(one => `${inWords(one.by)} cannot reach ${one.name}`),
  ];
  return `${sentences.join('. ')}.`;
}
