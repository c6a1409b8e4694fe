/** One reason why an object is invalid, as metav1.StatusCause. */
export interface Cause {
  reason: string;
  message: string;
  field: string;
}

// What Kubernetes' field package finds wrong with a field. Values are shown as JSON.

const shown = (value: unknown): string => JSON.stringify(value) ?? 'null';
const cause =
  <T extends unknown[]>(reason: string, says: (...args: T) => string) =>
  (field: string, ...args: T): Cause => ({ reason: `FieldValue${reason}`, message: says(...args), field });

export const invalid = cause(
  'Invalid',
  (value: unknown, why: string) => `Invalid value: ${shown(value)}: ${why}`,
);
/** The value is not even of its type. */
export const mistyped = cause(
  'TypeInvalid',
  (value: unknown, why: string) => `Invalid value: ${shown(value)}: ${why}: ${shown(value)}`,
);
export const isMistyped = ({ reason }: Cause): boolean => reason === 'FieldValueTypeInvalid';
export const required = cause('Required', (why?: string) =>
  why === undefined ? 'Required value' : `Required value: ${why}`,
);
export const unsupported = cause('NotSupported', (value: unknown, known: readonly unknown[]) => {
  const values = known.map(shown).join(', ');
  return `Unsupported value: ${shown(value)}: supported values: ${values}`;
});
export const forbidden = cause('Forbidden', (why: string) => `Forbidden: ${why}`);
export const duplicate = cause('Duplicate', (value: unknown) => `Duplicate value: ${shown(value)}`);
export const tooLong = cause('TooLong', (bytes: number) => `Too long: may not be more than ${bytes} bytes`);
