import { quoteCommand } from '../clients/ssh/quote.ts';

/** What every command takes. */
export interface GlobalOptions {
  configDir: string;
  stateDir: string;
  kubeconfig?: string;
  output: 'table' | 'json';
  logFormat: 'text' | 'json';
  verbose?: true;
}

/** Where `dropfleet sandbox` listens by default. */
export const SANDBOX_PORT = 7480;
/** Where `dropfleet standalone` does. */
export const STANDALONE_PORT = 7443;

/** What the options are where none is given. */
export const DEFAULTS = { configDir: 'config', stateDir: '.dropfleet' };

/** What a person types for another command in the same place. */
export function commandLine({ configDir, stateDir, kubeconfig }: GlobalOptions, ...args: string[]): string {
  return quoteCommand([
    'npx',
    'dropfleet',
    ...(configDir === DEFAULTS.configDir ? [] : ['--config-dir', configDir]),
    ...(stateDir === DEFAULTS.stateDir ? [] : ['--state-dir', stateDir]),
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ...args,
  ]);
}
