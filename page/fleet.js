// The whole page, from what the operator says. Text from elsewhere is only ever text: lit escapes it.
import { html, nothing } from '../node_modules/lit-html/lit-html.js';
import { drawing, stance } from './drawing.js';
import { age, inWords, price, shortName } from './words.js';

/** @import {DropletView, FleetView, ProjectView} from '../reconcilers/page/view.ts' */
/** @import {EventLine} from '../reconcilers/page/events.ts' */
/** @typedef {{ now: number, isLive: boolean, isNarrow: boolean }} Moment when it is, ms since 1970; whether the page hears of changes; and whether it is on a phone */

/**
 * @param {FleetView} view
 * @param {Moment} moment
 */
export const fleetPage = (view, moment) => html`
  <header>
    <h1><span class="brand">dropfleet</span> ${view.fleet}</h1>
    <p role="status" class=${view.ready ? 'good' : 'bad'}>
      ${view.ready ? 'All is well' : 'Not all is well'}:
      ${view.line}${
        moment.isLive
          ? nothing
          : html` <strong class="lost">The connection is lost; this is how it was.</strong>`
      }
    </p>
  </header>
  <main>
    ${attention(view, moment)}
    ${view.projects.length === 0 ? html`<p>No projects. Rows of <code>projects.csv</code> become projects.</p>` : nothing}
    ${view.projects.map(project => projectCard(project, view, moment))}
    ${
      view.strays.length === 0
        ? nothing
        : html` <section class="card">
            <h2>Droplets of no project</h2>
            ${servers(view.strays, '', moment)}
          </section>`
    }
    ${events(view.events, moment)}
  </main>
`;

/**
 * What a person should read first; nothing while there is nothing.
 *
 * @param {FleetView} view
 * @param {Moment} moment
 */
function attention({ problem, held, suspected, projects, strays }, { now }) {
  const droplets = [...projects.flatMap(project => project.droplets), ...strays];
  const lines = [
    ...(problem === undefined ? [] : [`Nothing is done: ${problem}`]),
    ...held.map(
      ({ effects, message }) => `Held: ${effects}; ${message}. Run "dropfleet confirm" to allow it.`,
    ),
    ...suspected.map(({ name, by, since }) => `${name} suspected by ${inWords(by)} for ${age(since, now)}`),
    ...projects.flatMap(({ rowHeld }) => rowHeld ?? []),
    ...droplets
      .filter(({ degraded }) => degraded)
      .map(({ name, held: hold, message }) => `${name}: ${hold ?? message}`),
    ...projects.flatMap(({ services }) =>
      services
        .filter(({ isDeployed, ready }) => isDeployed && !ready)
        .map(
          ({ project, environment, service, message }) => `${project} ${environment} ${service}: ${message}`,
        ),
    ),
  ];
  if (lines.length === 0) return nothing;
  return html`<section class="card attention" aria-labelledby="attention">
    <h2 id="attention">What waits, and why</h2>
    <ul>
      ${lines.map(line => html`<li>${line}</li>`)}
    </ul>
  </section>`;
}

/**
 * @param {ProjectView} project
 * @param {FleetView} view
 * @param {Moment} moment
 */
function projectCard(project, { suspected }, moment) {
  const { name, namespace, ready, reason, message, monthlyCost, readyDroplets, servers: wanted } = project;
  const id = `project-${namespace}-${name}`;
  return html`<section class="card" aria-labelledby=${id}>
    <h2 id=${id}>
      ${name}
      <span class="pill ${ready ? 'good' : 'bad'}"
        >${ready ? 'Ready' : reason} ${readyDroplets}/${wanted}</span
      >
      <span class="cost">${price(monthlyCost)}${monthlyCost === undefined ? '' : ' a month'}</span>
    </h2>
    ${ready ? nothing : html`<p class="note">${message}</p>`}
    ${
      project.droplets.length < 2
        ? nothing
        : html` <figure>
            ${drawing(project, suspected, moment.isNarrow)}
            <figcaption>
              <span class="key feeds">gets requests</span> <span class="key rests">gets none</span>
              <span class="key watches">watches</span> <span class="key votes">cannot reach</span>
            </figcaption>
          </figure>`
    }
    ${servers(project.droplets, name, moment)} ${project.services.length === 0 ? nothing : services(project)}
  </section>`;
}

/**
 * @param {readonly DropletView[]} droplets
 * @param {string} project
 * @param {Moment} moment
 */
const servers = (droplets, project, { now }) =>
  table(
    project === '' ? 'Servers' : `Servers of ${project}`,
    ['Server', 'State', 'Health', 'Role', 'Size', 'Address', 'Snapshot'],
    droplets.map(droplet => [
      shortName(droplet.name, project),
      pill(stance(droplet), droplet.state),
      droplet.recovery ?? droplet.health?.reason ?? '',
      `${droplet.role}${balancerOf(droplet)}`,
      droplet.size,
      droplet.address ?? '',
      droplet.snapshotAt === undefined ? '' : `${age(droplet.snapshotAt, now)} old`,
    ]),
  );

/** @param {DropletView} droplet */
const balancerOf = ({ balancer }) =>
  balancer === undefined ? '' : balancer.status === 'True' ? ', balances' : `, ${balancer.reason}`;

/** @param {ProjectView} project */
const services = project =>
  table(
    `Services of ${project.name}`,
    ['Service', 'State', 'Version', 'Where', 'Address'],
    project.services.map(service => [
      `${service.environment}/${service.service}`,
      pill(stanceOf(service), service.ready ? 'Ready' : service.reason),
      service.wanted === undefined ? (service.version ?? '') : `${service.version ?? ''} → ${service.wanted}`,
      service.servers.map(({ droplet }) => shortName(droplet, project.name)).join(', '),
      service.urls.map(url => html`<a href=${url} rel="noreferrer">${url}</a> `),
    ]),
  );

/** @param {ProjectView['services'][number]} service */
const stanceOf = ({ ready, stuck, isDeployed }) => {
  if (ready) return 'good';
  if (stuck) return 'bad';
  return isDeployed ? 'moving' : 'idle';
};

/**
 * @param {string} kind
 * @param {string} text
 */
const pill = (kind, text) => html`<span class="pill ${kind}">${text}</span>`;

/**
 * A table whose rows are blocks where there is no room. That takes them their meaning for who does not see them, but for
 * the roles.
 *
 * @param {string} label
 * @param {readonly string[]} titles
 * @param {readonly (readonly unknown[])[]} rows the first of each names it
 */
const table = (label, titles, rows) => html`
  <table role="table" aria-label=${label}>
    <thead role="rowgroup">
      <tr role="row">
        ${titles.map(title => html`<th role="columnheader" scope="col">${title}</th>`)}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map(
        ([name, ...cells]) =>
          html`<tr role="row">
            <th role="rowheader" scope="row">${name}</th>
            ${cells.map((cell, at) => html`<td role="cell" data-title=${titles[at + 1]}>${cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>
`;

/**
 * @param {readonly EventLine[]} lines
 * @param {Moment} moment
 */
const events = (lines, { now }) => html`
  <section class="card" aria-labelledby="events">
    <h2 id="events">Last events</h2>
    ${
      lines.length === 0
        ? html`<p class="note">None within the last hour.</p>`
        : html` <ol class="events">
            ${lines.map(
              ({ at, type, reason, about, message, count }) =>
                html`<li class=${type === 'Warning' ? 'warning' : ''}>
                  <time datetime=${at}>${age(at, now)} ago</time>
                  <span class="reason">${reason}</span> <span class="about">${about}</span>
                  <span>${message}${count > 1 ? ` (${count} times)` : ''}</span>
                </li>`,
            )}
          </ol>`
    }
  </section>
`;
