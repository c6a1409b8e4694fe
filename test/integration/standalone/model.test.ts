import { expect } from 'chai';
import * as fc from 'fast-check';
import { describeOnApiServers } from '../../environment/api-server.ts';
import { propertyOptions } from '../../fakes/property-options.ts';
import { ApiClient, type Answer, type Watch } from './api-client.ts';
import { configMap, configMapsIn } from './things.ts';

type Texts = Record<string, string>;
type Changes = Record<string, string | null>;

/** A ConfigMap, as far as the model knows it: no labels and no data are the same as empty ones. */
interface State {
  labels: Texts;
  data: Texts;
}

interface Step {
  op: 'add' | 'remove' | 'test';
  key: string;
  value: string;
}

/** One write to the object of that name. */
type Operation = { name: string } & (
  | { type: 'put'; labels: Texts; data: Texts }
  | { type: 'merge'; labels: Changes; data: Changes }
  | { type: 'strategic'; replace: boolean; data: Changes }
  | { type: 'json'; steps: Step[] }
  | { type: 'delete' }
);

/** A watch that is opened before one of the operations, from the version after an earlier one. */
interface WatchPlan {
  opened: number;
  from: number;
  selector: string;
}

interface Change {
  name: string;
  before: State | undefined;
  after: State | undefined;
}

const key = fc.constantFrom('a', 'b');
const value = fc.constantFrom('x', 'y');
const texts = fc.dictionary(key, value);
const changes = fc.dictionary(key, fc.option(value));
const name = fc.constantFrom('one', 'two');
/** Without `replace`: Kubernetes 1.20 lets it add what is not there. */
const step: fc.Arbitrary<Step> = fc.record({
  op: fc.constantFrom('add', 'remove', 'test'),
  key,
  value,
});
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ name, type: fc.constant('put'), labels: texts, data: texts }) },
  { weight: 3, arbitrary: fc.record({ name, type: fc.constant('merge'), labels: changes, data: changes }) },
  fc.record({ name, type: fc.constant('strategic'), replace: fc.boolean(), data: changes }),
  {
    weight: 2,
    arbitrary: fc.record({ name, type: fc.constant('json'), steps: fc.array(step, { maxLength: 3 }) }),
  },
  fc.record({ name, type: fc.constant('delete') }),
);
const SELECTORS: Record<string, (labels: Texts) => boolean> = {
  '': () => true,
  'a=x': ({ a }) => a === 'x',
  'a!=x': ({ a }) => a !== 'x',
  '!a': ({ a }) => a === undefined,
  'a,b=y': ({ a, b }) => a !== undefined && b === 'y',
  'a in (x,y)': ({ a }) => a !== undefined,
  'b notin (x)': ({ b }) => b !== 'x',
};
/** Of these, every selector picks at least one. */
const LAST_LABELS: Texts[] = [{}, { a: 'x', b: 'y' }];
const watchPlan: fc.Arbitrary<WatchPlan> = fc.record({
  opened: fc.nat(),
  from: fc.nat(),
  selector: fc.constantFrom(...Object.keys(SELECTORS)),
});

/** The state after the operation; undefined when there is none, 'refused' when it does not fit. */
function predict(before: State | undefined, operation: Operation): State | undefined | 'refused' {
  if (operation.type === 'put') return { labels: operation.labels, data: operation.data };
  if (before === undefined) return 'refused';
  switch (operation.type) {
    case 'merge':
      return { labels: merge(before.labels, operation.labels), data: merge(before.data, operation.data) };
    case 'strategic':
      return { ...before, data: merge(operation.replace ? {} : before.data, operation.data) };
    case 'json':
      return predictSteps(before, operation.steps);
    case 'delete':
      return undefined;
  }
}

const merge = (texts: Texts, changes: Changes): Texts =>
  Object.fromEntries(
    Object.entries({ ...texts, ...changes }).filter((entry): entry is [string, string] => entry[1] !== null),
  );

function predictSteps(before: State, steps: readonly Step[]): State | 'refused' {
  // An empty map is not stored, and nothing can be added to what is not there.
  let data = Object.keys(before.data).length === 0 ? undefined : { ...before.data };
  for (const { op, key, value } of steps) {
    if (data === undefined) return 'refused';
    const isThere = Object.hasOwn(data, key);
    if (op !== 'add' && (!isThere || (op === 'test' && data[key] !== value))) return 'refused';
    if (op === 'remove') delete data[key];
    else data = { ...data, [key]: value };
  }
  return { ...before, data: data ?? {} };
}

/** Where there is no map yet, or it is replaced, Kubernetes 1.20 stores the nulls and directives of a strategic patch: not worth imitating. */
function withoutOddity(operation: Operation, before: State | undefined): Operation {
  if (operation.type !== 'strategic') return operation;
  const isEmpty = Object.keys(before?.data ?? {}).length === 0;
  const replace = operation.replace && !isEmpty;
  return { ...operation, replace, data: isEmpty || replace ? merge({}, operation.data) : operation.data };
}

/** What a watch of that selector tells of the changes. */
function predictEvents(selector: string, changes: readonly Change[]): string[] {
  const selects = SELECTORS[selector]!;
  return changes.flatMap(({ name, before, after }) => {
    const was = before !== undefined && selects(before.labels);
    const is = after !== undefined && selects(after.labels);
    if (is) return [shown(was ? 'MODIFIED' : 'ADDED', name, after)];
    return was ? [shown('DELETED', name, before)] : [];
  });
}

const sorted = (texts: Texts): [string, string][] =>
  Object.entries(texts).toSorted(([a], [b]) => (a < b ? -1 : 1));
const shown = (type: string, name: string, { labels, data }: State): string =>
  `${type} ${name} ${JSON.stringify([sorted(labels), sorted(data)])}`;
const isSame = (one: State | undefined, other: State | undefined): boolean =>
  one === undefined || other === undefined ? one === other : shown('', '', one) === shown('', '', other);

const stateOf = ({ metadata, data = {} }: { metadata: { labels?: Texts }; data?: Texts }): State => ({
  labels: metadata.labels ?? {},
  data,
});

describeOnApiServers('Random writes and watches', server => {
  let api: ApiClient;
  before(() => {
    api = new ApiClient(server().kubeconfig);
  });
  after(() => api.close());

  const send = (path: string, isThere: boolean, operation: Operation): Promise<Answer> => {
    const { name } = operation;
    const one = `${path}/${name}`;
    switch (operation.type) {
      case 'put': {
        const object = configMap(name, operation.data, { labels: operation.labels });
        return isThere ? api.put(one, object) : api.post(path, object);
      }
      case 'merge':
        return api.patch(one, { metadata: { labels: operation.labels }, data: operation.data });
      case 'strategic': {
        const data = { ...operation.data, ...(operation.replace ? { $patch: 'replace' } : {}) };
        return api.patch(one, { data }, { type: 'application/strategic-merge-patch+json' });
      }
      case 'json': {
        const steps = operation.steps.map(({ op, key, value }) => ({ op, path: `/data/${key}`, value }));
        return api.patch(one, steps, { type: 'application/json-patch+json' });
      }
      case 'delete':
        return api.delete(one);
    }
  };
  /** All events up to the first of the objects that are made last. */
  const readEvents = async (watch: Watch): Promise<string[]> => {
    const events: string[] = [];
    for (;;) {
      const { type, object } = (await watch.next())!;
      if (object.metadata.name.startsWith('last')) return events;
      events.push(shown(type, object.metadata.name, stateOf(object)));
    }
  };

  it('are as a model of the API predicts them', async () => {
    const property = fc.asyncProperty(
      fc.array(operation, { minLength: 1, maxLength: 12 }),
      fc.array(watchPlan, { maxLength: 3 }),
      async (operations, plans) => {
        const path = configMapsIn(await server().namespace());
        const version = async (): Promise<string> => (await api.get(path)).body.metadata.resourceVersion;
        const model = new Map<string, State>();
        const history: Change[] = [];
        /** The version, and how many changes there were, before each operation. */
        const points: { version: string; changes: number }[] = [];
        const watches: { watch: Watch; selector: string; from: number }[] = [];
        for (const [i, planned] of operations.entries()) {
          points.push({ version: await version(), changes: history.length });
          for (const { from, selector } of plans.filter(plan => plan.opened % operations.length === i)) {
            const point = points[from % points.length]!;
            const query = `watch=true&resourceVersion=${point.version}&labelSelector=${encodeURIComponent(selector)}`;
            watches.push({ watch: await api.watch(`${path}?${query}`), selector, from: point.changes });
          }
          const before = model.get(planned.name);
          const operation = withoutOddity(planned, before);
          const old = before && (await api.get(`${path}/${operation.name}`)).body.metadata.resourceVersion;
          const after = predict(before, operation);
          const { status, body, text } = await send(path, before !== undefined, operation);
          expect(status < 300, `${JSON.stringify(operation)}: ${text}`).to.equal(after !== 'refused');
          if (after === 'refused') continue;
          if (after === undefined) model.delete(operation.name);
          else {
            expect(stateOf(body)).to.deep.equal(after);
            expect(body.metadata.resourceVersion === old, 'nothing was written').to.equal(
              isSame(before, after),
            );
            model.set(operation.name, after);
          }
          if (!isSame(before, after)) history.push({ name: operation.name, before, after });
        }
        for (const [i, labels] of LAST_LABELS.entries())
          await api.post(path, configMap(`last-${i}`, {}, { labels }));
        for (const { watch, selector, from } of watches) {
          expect(await readEvents(watch)).to.deep.equal(predictEvents(selector, history.slice(from)));
          watch.close();
        }
        const { body } = await api.get(path);
        const held = body.items!.filter(({ metadata }) => model.has(metadata.name));
        expect(new Map(held.map(item => [item.metadata.name, stateOf(item)]))).to.deep.equal(model);
      },
    );
    await fc.assert(property, propertyOptions(100));
  });
});
