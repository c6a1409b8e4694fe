import { createHmac, hkdfSync } from 'node:crypto';
import type { Reader } from '../../clients/kubernetes/client.ts';
import type { Secret } from '../../clients/kubernetes/kinds.ts';
import type { HiddenText } from '../../clients/ssh/ssh.ts';
import { isOwnName } from '../../config/env-names.ts';
import { SecretText } from '../../config/secret-text.ts';
import { keyOf, type ObjectKey } from '../../crds/meta.ts';
import type { ServiceDeployment } from '../../crds/service-deployment.ts';
import {
  lookupIn,
  resolveSecret,
  secretNamesOf,
  type Held,
  type HeldPlace,
  type ResolvedSecret,
} from './lookup-plan.ts';
import { toSeen } from './observe.ts';

/** The variables of the operator's environment and of its .env file, as they are now. */
export interface SecretVariables {
  /** What sets that variable, even to nothing; undefined when nothing does, and for a setting of dropfleet's own. */
  sourceOf(name: string): Held | undefined;
  /** Its value, exactly as it was set; undefined when that is nothing. */
  valueOf(name: string): HiddenText | undefined;
}

/** What secrets are found by. */
export interface SecretsContext {
  readonly variables: SecretVariables;
  /** Those with the label of a project. */
  readonly secrets: Pick<Reader<Secret>, 'get'>;
  /** Where they are: the operator's own. */
  readonly namespace: string;
  /** The fleet's SSH key, for the digest. */
  readonly privateKey: HiddenText;
}

/** Who an image is fetched as. */
export interface ImageLogin {
  readonly username: string;
  readonly password: HiddenText;
}

/** The secrets of a service, as far as there are any. */
export interface ServiceSecrets {
  /** By the names that they have in the container, in their order. */
  values: (readonly [name: string, value: HiddenText])[];
  /** Those without a value, and where one was looked for. */
  missing: ResolvedSecret[];
  /** Why others cannot be given to it: a sentence for each, without a value. */
  refused: string[];
  /** What its image is fetched with, which no container gets; undefined where it needs none, or its value is missing. */
  imageLogin?: ImageLogin | undefined;
  /** The namespace that its Secrets are looked for in, where that is not its own. */
  elsewhere?: string | undefined;
  /** Another one whenever a name or a value is; nobody without the fleet's key can guess a value by it. */
  digest: string;
}

/** Finds the values of all secrets of a service. Of the empty ones the next place is asked, as lookup-plan says. */
export function secretsOf(context: SecretsContext, service: ServiceDeployment): ServiceSecrets {
  const { project, environment, secrets: written = [], imageLogin } = service.spec;
  const names = [...new Set(written.map(name => name.toUpperCase()))].toSorted();
  const [own, wanted] = [names.filter(isOwnName), names.filter(name => !isOwnName(name))];
  const seen = secretNamesOf(project, environment).flatMap(name => {
    const secret = context.secrets.get(`${context.namespace}/${name}`);
    return secret === undefined ? [] : [toSeen(secret)];
  });
  const lookup = lookupIn(project, name => context.variables.sourceOf(name), seen);
  const resolved = wanted.map(name => resolveSecret({ project, environment, name }, lookup));
  const found = resolved.map(({ name, from }) => ({ name, from, value: from && valueIn(context, from) }));
  const values = found.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const]));
  const login =
    imageLogin && resolveSecret({ project, environment, name: imageLogin.secret.toUpperCase() }, lookup);
  const password = login?.from && !isOwnName(login.name) ? valueIn(context, login.from) : undefined;
  return {
    values,
    ...(imageLogin && password && { imageLogin: { username: imageLogin.username, password } }),
    missing: resolved.filter(({ from }) => from === undefined),
    refused: [
      ...own.map(refuseOwn),
      ...found.flatMap(({ from, value }) => (from && value === undefined ? [refuseBytes(from)] : [])),
    ],
    ...(service.metadata.namespace !== context.namespace && { elsewhere: context.namespace }),
    digest: digestOf(context.privateKey, keyOf(service), values),
  };
}

/** Undefined for bytes that are no text, which no environment variable can hold as they are. */
function valueIn({ secrets, variables, namespace }: SecretsContext, from: HeldPlace): HiddenText | undefined {
  if ('variable' in from) return variables.valueOf(from.variable);
  const bytes = Buffer.from(secrets.get(`${namespace}/${from.secret}`)?.data?.[from.key] ?? '', 'base64');
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) && !bytes.includes(0) ? new SecretText(text) : undefined;
}

const refuseOwn = (name: string): string =>
  `${name} is dropfleet's own setting, which no service gets: give this secret another name`;

const refuseBytes = (from: HeldPlace): string =>
  'variable' in from
    ? `${from.variable} cannot be read any more: set it again`
    : `key ${from.key} of Secret ${from.secret} is not text, which a variable must be: encode it, as base64 for example`;

/** What the digest's key is derived for; another purpose has another key. */
const PURPOSE = 'dropfleet digest of secrets';

/**
 * The first half of an HMAC, by a key that is derived from the fleet's own (HKDF, RFC 5869) and stored nowhere.
 *
 * @param service so that two services with the same secrets do not show it.
 */
function digestOf(privateKey: HiddenText, service: ObjectKey, values: ServiceSecrets['values']): string {
  const key = Buffer.from(hkdfSync('sha256', privateKey.reveal(), '', PURPOSE, 32));
  const shown = values.map(([name, value]) => [name, value.reveal()]);
  const content = JSON.stringify([service, shown]);
  return createHmac('sha256', key).update(content).digest('hex').slice(0, 16);
}
