/** What every command takes. */
export interface GlobalOptions {
  configDir: string;
  stateDir: string;
  kubeconfig?: string;
  output: 'table' | 'json';
  logFormat: 'text' | 'json';
  verbose?: true;
}

/** Where `dropfleet sandbox` listens unless told otherwise. */
export const SANDBOX_PORT = 7480;
