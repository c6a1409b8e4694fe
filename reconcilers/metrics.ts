// What reconcilers count and time. A metric is declared as data beside those who use it; the operator registers it when
// it starts, and they find it in their context.

/** A metric by its name and labels, as Prometheus will know it. */
interface Shape<Type extends string, Label extends string> {
  readonly type: Type;
  /** In snake case, with its unit: `dropfleet_drain_seconds`. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
}

/** A metric, declared. */
export type Metric<Label extends string = string> =
  | Shape<'counter', Label>
  | Shape<'gauge', Label>
  | (Shape<'histogram', Label> & { readonly buckets: readonly number[] });

/** What a concern declares, by the names that its own files use. */
export type Metrics = Readonly<Record<string, Metric>>;

type Described<Label extends string> = Pick<Metric, 'name' | 'help'> & { readonly labels?: readonly Label[] };

/** Declares what only grows. Without labels it begins at 0; with them a series begins at its first `inc`. */
export const counter = <const Label extends string = never>({
  labels = [],
  ...described
}: Described<Label>): Shape<'counter', Label> => ({ type: 'counter', ...described, labels });

/** Declares what goes up and down. A scrape does not show it before it was set. */
export const gauge = <const Label extends string = never>({
  labels = [],
  ...described
}: Described<Label>): Shape<'gauge', Label> => ({ type: 'gauge', ...described, labels });

/** Declares what is measured many times, such as a duration; `buckets` are upper bounds, in the metric's unit. */
export const histogram = <const Label extends string = never>({
  labels = [],
  ...described
}: Described<Label> & { readonly buckets: readonly number[] }): Extract<
  Metric<Label>,
  { type: 'histogram' }
> => ({ type: 'histogram', ...described, labels });

/** A value for each label of the metric; nothing where it has none. */
type Labels<Label extends string> = [Label] extends [never] ? [] : [labels: Readonly<Record<Label, string>>];

/** One value of a gauge. */
export type Sample<Label extends string = never> = readonly [value: number, ...Labels<Label>];

export interface Counter<Label extends string = never> {
  /** One more. */
  inc(...labels: Labels<Label>): void;
}

export interface Gauge<Label extends string = never> {
  set(value: number, ...labels: Labels<Label>): void;
  /** From now on every scrape asks `read`, and shows nothing else. Samples with the same labels add up. */
  readAtScrape(read: () => readonly Sample<Label>[]): void;
}

export interface Histogram<Label extends string = never> {
  observe(value: number, ...labels: Labels<Label>): void;
}

/** What counts for a declared metric. */
type Handle<M> =
  M extends Shape<'counter', infer Label>
    ? Counter<Label>
    : M extends Shape<'gauge', infer Label>
      ? Gauge<Label>
      : M extends Shape<'histogram', infer Label>
        ? Histogram<Label>
        : never;

/** What counts for the declared metrics, by the same names. */
export type Handles<Declared extends Metrics> = { readonly [Key in keyof Declared]: Handle<Declared[Key]> };
