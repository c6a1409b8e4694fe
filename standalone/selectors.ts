import { badRequest } from './api-error.ts';
import type { Kind } from './kinds.ts';
import { readPath, type ApiObject } from './object.ts';

/** Whether an object is meant. */
export type Predicate = (object: ApiObject) => boolean;

const LABEL_REQUIREMENT =
  /^(?:!\s*(?<absent>[^\s!=,()]+)|(?<key>[^\s!=,()]+)(?:\s*(?<operator>==|=|!=)\s*(?<value>[^\s!=,()]*)|\s+(?<set>in|notin)\s*\((?<values>[^()]*)\))?)$/;
const FIELD_REQUIREMENT = /^(?<field>[^=!]+?)(?<operator>==|=|!=)(?<value>.*)$/;

const allOf =
  (predicates: Predicate[]): Predicate =>
  object =>
    predicates.every(holds => holds(object));

/** What both selectors of a query mean for that kind; undefined when there are none. Throws 400. */
export function parseSelectors(kind: Kind, query: URLSearchParams): Predicate | undefined {
  const labels = query.get('labelSelector') ?? '';
  const fields = query.get('fieldSelector') ?? '';
  if (labels === '' && fields === '') return undefined;
  return allOf([parseLabelSelector(labels), parseFieldSelector(kind, fields)]);
}

/** Parses `a=b,c!=d,e in (f,g),h notin (i),j,!k`. Throws 400 on anything else. */
export function parseLabelSelector(selector: string): Predicate {
  if (selector.trim() === '') return () => true;
  // Commas inside `in (...)` do not separate requirements.
  const parts = selector.replaceAll(/\([^()]*\)/g, set => set.replaceAll(',', '\0')).split(',');
  return allOf(parts.map(part => toLabelRequirement(part.replaceAll('\0', ',').trim())));
}

function toLabelRequirement(text: string): Predicate {
  const groups = LABEL_REQUIREMENT.exec(text)?.groups;
  if (groups === undefined) {
    throw badRequest(`unable to parse requirement: ${JSON.stringify(text)} is not a label requirement`);
  }
  const { absent, key = absent!, operator, value = '', set, values } = groups;
  const isSet = ({ metadata: { labels = {} } }: ApiObject): boolean => Object.hasOwn(labels, key);
  if (absent !== undefined) return object => !isSet(object);
  if (operator === undefined && set === undefined) return isSet;
  const wanted = values === undefined ? [value] : values.split(',').map(one => one.trim());
  const isWanted = operator !== '!=' && set !== 'notin';
  // A label that is absent is in no set, so `notin` and `!=` hold for it.
  return object => (isSet(object) && wanted.includes(object.metadata.labels![key]!)) === isWanted;
}

/** Parses `metadata.name=x,type!=y` for that kind. Throws 400 when the kind cannot be selected by a field. */
export const parseFieldSelector = (kind: Kind, selector: string): Predicate =>
  allOf(
    selector
      .split(',')
      .filter(part => part !== '')
      .map(part => toFieldRequirement(kind, part)),
  );

function toFieldRequirement(kind: Kind, text: string): Predicate {
  const groups = FIELD_REQUIREMENT.exec(text)?.groups;
  if (groups === undefined) throw badRequest(`invalid selector: '${text}'; can't understand '${text}'`);
  const { field, operator, value } = groups as { field: string; operator: string; value: string };
  if (!kind.selectableFields.includes(field)) throw badRequest(`field label not supported: ${field}`);
  return object => {
    const found = readPath(object, field.split('.'));
    return ((typeof found === 'string' ? found : '') === value) === (operator !== '!=');
  };
}
