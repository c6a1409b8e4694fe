import { loadEnvironment } from '../../config/environment.ts';
import { formatProblems } from '../../config/problems.ts';
import { SecretText } from '../../config/secret-text.ts';
import type { WatchedVariables } from '../../controllers/secrets.ts';
import { ENV_FILE } from './settings.ts';
import type { Place } from './world.ts';

/** The variables in which services' secrets may be, for an operator of this process. */
export function secretVariablesOf({ settings }: Pick<Place, 'settings'>): WatchedVariables {
  let current = settings;
  return {
    envFile: ENV_FILE,
    sourceOf: name => current.sourceOf(name),
    valueOf(name) {
      const value = current.variable(name);
      return value === undefined ? undefined : new SecretText(value);
    },
    reread() {
      const { settings: read, problems } = loadEnvironment({ env: process.env, envFile: ENV_FILE });
      if (problems.length > 0) return formatProblems(problems);
      current = read;
      return undefined;
    },
  };
}
