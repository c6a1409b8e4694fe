import { badRequest } from './api-error.ts';
import type { Kind } from './kinds.ts';
import { readPath, type ApiObject } from './object.ts';

/** Whether an object is meant. */
export type Predicate = (object: ApiObject) => boolean;

const LABEL_REQUIREMENT =
  /^\s*(?:(?<absent>!)\s*(?<absentKey>[^\s!=,()]+)|(?<key>[^\s!=,()]+)\s*(?:(?<operator>==|=|!=)\s*(?<value>[^\s!=,()]*)|\s(?<set>in|notin)\s*\((?<values>[^()]*)\))?)\s*$/;

/** Parses `a=b,c!=d,e in (f,g),h notin (i),j,!k`. Throws 400 on anything else. */
export function parseLabelSelector(selector: string): Predicate {
  const requirements = splitOutsideParentheses(selector).map(toLabelRequirement);
  return object => requirements.every(holds => holds(object.metadata.labels ?? {}));
}

/** Commas inside `in (...)` do not separate requirements. */
const splitOutsideParentheses = (selector: string): string[] =>
  selector.trim() === '' ? [] : selector.split(/,(?![^(]*\))/);

type LabelRequirement = (labels: Record<string, string>) => boolean;

function toLabelRequirement(text: string): LabelRequirement {
  const groups = LABEL_REQUIREMENT.exec(text)?.groups;
  if (groups === undefined) {
    throw badRequest(
      `unable to parse requirement: ${JSON.stringify(text.trim())} is not a label requirement`,
    );
  }
  const { absentKey, key, operator, value, set, values } = groups;
  if (absentKey !== undefined) return labels => !Object.hasOwn(labels, absentKey);
  const label = key!;
  if (set !== undefined)
    return isIn(
      label,
      values!.split(',').map(one => one.trim()),
      set === 'in',
    );
  if (operator !== undefined) return isIn(label, [value!], operator !== '!=');
  return labels => Object.hasOwn(labels, label);
}

/** A label that is absent is in no set, so `notin` and `!=` hold for it. */
const isIn =
  (label: string, values: string[], wanted: boolean): LabelRequirement =>
  labels =>
    (Object.hasOwn(labels, label) && values.includes(labels[label]!)) === wanted;

/** Parses `metadata.name=x,type!=y` for that kind. Throws 400 when the kind cannot be selected by a field. */
export function parseFieldSelector(kind: Kind, selector: string): Predicate {
  const requirements = selector
    .split(',')
    .filter(part => part !== '')
    .map(part => toFieldRequirement(kind, part));
  return object => requirements.every(holds => holds(object));
}

function toFieldRequirement(kind: Kind, text: string): Predicate {
  const match = /^(?<field>[^=!]+?)(?<operator>==|=|!=)(?<value>.*)$/.exec(text);
  if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${text}'`);
  const { field, operator, value } = match.groups as { field: string; operator: string; value: string };
  const isKnown =
    field === 'metadata.name' ||
    (field === 'metadata.namespace' && kind.namespaced) ||
    kind.selectableFields.includes(field);
  if (!isKnown) throw badRequest(`field label not supported: ${field}`);
  return object => (fieldText(object, field) === value) === (operator !== '!=');
}

function fieldText(object: ApiObject, field: string): string {
  const value = readPath(object, field.split('.'));
  return typeof value === 'string' ? value : '';
}
