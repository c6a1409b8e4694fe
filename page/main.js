// Follows the fleet, and shows it again whenever something has changed.
import { render } from '../node_modules/lit-html/lit-html.js';
import { fleetPage } from './fleet.js';

/** @import {FleetView} from '../reconcilers/page/view.ts' */

/** How often ages and durations are told anew, ms. */
const TICK_MS = 5_000;

const narrow = matchMedia('(max-width: 40rem)');

/** @type {FleetView | undefined} */
let view;
/** Whether what is shown is what there is. */
let isLive = false;
/** How far the server's clock is ahead of this one, ms: ages are of its time. */
let aheadMs = 0;

function show() {
  if (view === undefined) return;
  document.title = `${view.ready ? '✓' : '!'} ${view.fleet} - dropfleet`;
  render(fleetPage(view, { now: Date.now() + aheadMs, isLive, isNarrow: narrow.matches }), document.body);
}

const stream = new EventSource(new URL('../fleet/stream', import.meta.url));
stream.addEventListener('now', ({ data }) => {
  aheadMs = Number(data) - Date.now();
});
stream.addEventListener('fleet', ({ data }) => {
  if (view === undefined) document.body.replaceChildren();
  view = JSON.parse(data);
  isLive = true;
  show();
});
stream.addEventListener('error', () => {
  // The browser tries again by itself.
  isLive = false;
  show();
});
setInterval(show, TICK_MS);
narrow.addEventListener('change', show);
