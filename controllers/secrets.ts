import { SECRETS } from '../clients/kubernetes/kinds.ts';
import { PROJECT_LABEL } from '../crds/names.ts';
import type { SecretVariables } from '../reconcilers/secrets/values.ts';
import { defineConcern, type Setup } from './concern.ts';
import { watchLoudly } from './watched-files.ts';

/** Variables of which some are in a file. */
export interface WatchedVariables extends SecretVariables {
  /** The path of the .env file. */
  readonly envFile: string;
  /** Reads the file again. Answers why it cannot be used, and goes on with what it said before. */
  reread(): string | undefined;
}

interface SecretOptions {
  secretVariables?: WatchedVariables;
}

const SECRETS_CONCERN = { timings: {}, metrics: {} };

/** The secrets of services: `context.secrets` finds them, and wakes whoever delivers them. */
export const secrets = defineConcern({
  name: 'secrets',
  declares: SECRETS_CONCERN,
  // Whatever else is in the namespace is none of the operator's business.
  narrows: [{ kind: SECRETS, select: namespace => ({ namespace, labelSelector: PROJECT_LABEL }) }],
  setup({ context, options, log }: Setup<typeof SECRETS_CONCERN, SecretOptions>) {
    const { secretVariables: variables } = options;
    if (variables === undefined || context.secrets === undefined) return {};
    const { secrets } = context;
    const file = watchLoudly(variables.envFile, log);
    file.subscribe(() => {
      const fault = variables.reread();
      if (fault === undefined) secrets.variablesChanged();
      else log.warn(`${variables.envFile} is not followed until it is right: ${fault}`);
    });
    return { files: [file] };
  },
});
