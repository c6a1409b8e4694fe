import type { Informer, Reader } from '../../clients/kubernetes/client.ts';
import type { Secret } from '../../clients/kubernetes/kinds.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import { PROJECT_LABEL } from '../../crds/names.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import { secretNamesIn } from './names-plan.ts';
import { secretsOf, type SecretsContext, type ServiceSecrets } from './values.ts';

/** The secrets of all services as they are now, and word of those that may have changed. */
export interface SecretSource {
  of(service: ServiceDeployment): ServiceSecrets;
  /** Calls the handler with the services whose secrets may be others now; the returned function ends that. */
  subscribe(handler: (services: readonly ObjectKey[]) => void): () => void;
  /** Says that variables may have changed. */
  variablesChanged(): void;
}

/** What a source is made of. */
interface SourceParts extends SecretsContext {
  readonly secrets: Pick<Informer<Secret>, 'get' | 'onChange'>;
  readonly services: Pick<Reader<ServiceDeployment>, 'list'>;
}

/** A source over that cache of Secrets, which must not have started. */
export function createSecretSource(parts: SourceParts): SecretSource {
  const handlers = new Set<(services: readonly ObjectKey[]) => void>();
  const tell = (isConcerned: (service: ServiceDeployment) => boolean): void => {
    const concerned = parts.services
      .list()
      .filter(service => secretNamesIn(service.spec).length > 0 && isConcerned(service));
    for (const handler of handlers) handler(concerned.map(keyOf));
  };
  parts.secrets.onChange(({ type, object, before, initial }) => {
    if (initial || type === 'resynced') return;
    const projects = [object, before].map(secret => secret?.metadata.labels?.[PROJECT_LABEL]);
    tell(({ spec }) => projects.includes(spec.project));
  });
  return {
    of: service => secretsOf(parts, service),
    subscribe(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    variablesChanged: () => tell(() => true),
  };
}
