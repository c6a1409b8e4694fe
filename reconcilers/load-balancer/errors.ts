/** The master's nginx could not be given its configuration. The message is a sentence for a person. */
export class LoadBalancerError extends Error {
  override readonly name: string = 'LoadBalancerError';
  /** A condition's reason. */
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** nginx itself tested the configuration and refuses it; the complaint is what it said. */
export class ConfigurationRefused extends LoadBalancerError {
  override readonly name = 'ConfigurationRefused';
  readonly complaint: string;

  constructor(complaint: string) {
    super('ConfigurationRefused', `nginx rejected the configuration: ${complaint}`);
    this.complaint = complaint;
  }
}

export const isLoadBalancerError = (error: unknown): error is LoadBalancerError =>
  error instanceof LoadBalancerError;

export const isConfigurationRefused = (error: unknown): error is ConfigurationRefused =>
  error instanceof ConfigurationRefused;
