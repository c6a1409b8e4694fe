/** What every command takes. */
export interface GlobalOptions {
  configDir: string;
  stateDir: string;
  kubeconfig?: string;
  output: 'table' | 'json';
  logFormat: 'text' | 'json';
  verbose?: true;
}
