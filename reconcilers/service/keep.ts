import { observeService, lookAgain, type Surroundings } from './observe.ts';
import { areSameEndpoints, keptEndpoints, keptMessage } from './kept-plan.ts';
import { report, switchTo, type Rollout } from './progress.ts';
import { notYet } from './status.ts';
import { SECRETS_MISSING, type Lacking } from './wanted.ts';

/** Lets what serves go on where it does, and sends requests nowhere else, while nothing of it can be started. */
export async function keep(rollout: Rollout, lacking: Lacking): Promise<void> {
  const { context, hosts, run } = rollout;
  const look = (): Surroundings => observeService(context, hosts, rollout.service);
  if (isNews(rollout, look())) {
    await lookAgain(context, hosts, look(), new Set(), run);
    if (isNews(rollout, look())) await switchTo(rollout, endpointsIn(rollout, look()));
  }
  const message = keptMessage(lacking, statusOf(rollout), endpointsIn(rollout, look()), look().servers);
  await report(rollout, { conditions: { Rolled: notYet(SECRETS_MISSING, message) } });
}

const statusOf = ({ service }: Rollout) => service.status ?? {};

const endpointsIn = (rollout: Rollout, { servers }: Surroundings) =>
  keptEndpoints(statusOf(rollout), servers);

const isNews = (rollout: Rollout, surroundings: Surroundings): boolean =>
  !areSameEndpoints(statusOf(rollout).endpoints ?? [], endpointsIn(rollout, surroundings));
