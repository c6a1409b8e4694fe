import { expect } from 'chai';
import { loadCrds } from '../../../crds/schema.ts';
import type { Schema } from '../../../standalone/schema.ts';
import { compileSchema } from '../../../standalone/structural-schema.ts';

const text: Schema = { type: 'string' };

describe('Pruning', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      name: text,
      size: { type: 'string', default: 'small' },
      list: { type: 'array', items: { type: 'object', properties: { a: text } } },
      labels: { type: 'object', additionalProperties: text },
    },
  };

  const prune = (value: unknown, dropNulls = false): unknown =>
    compileSchema(schema)(value, undefined, dropNulls);

  it('removes unknown fields at every depth and names them', () => {
    const value = { name: 'x', odd: 1, list: [{ a: 'b' }, { a: 'c', odd: 2 }], labels: { any: 'thing' } };
    expect(prune(value)).to.deep.include({
      value: { name: 'x', size: 'small', list: [{ a: 'b' }, { a: 'c' }], labels: { any: 'thing' } },
      unknownFields: ['odd', 'list[1].odd'],
    });
  });

  it('drops a null where a default takes its place, and everywhere in a built-in kind', () => {
    const value = { name: null, size: null };
    expect(prune(value)).to.deep.include({ value: { name: null, size: 'small' } });
    expect(prune(value, true)).to.deep.include({ value: { size: 'small' } });
  });

  it('drops what says nothing where Go would leave it out, but not in what is below', () => {
    const value = { name: '', list: [], labels: { a: '' }, size: 'large' };
    expect(compileSchema({ ...schema, 'x-omits-empty': true })(value, undefined, true).value).to.deep.equal({
      labels: { a: '' },
      size: 'large',
    });
  });

  it('refuses what says nothing in another type, as Go does', () => {
    const { causes } = compileSchema({ ...schema, 'x-omits-empty': true })({ list: {} }, undefined, true);
    expect(causes.map(({ field }) => field)).to.deep.equal(['list']);
  });

  it('does not take what every object inherits for a field', () => {
    const { unknownFields } = compileSchema(schema)({ constructor: 1, toString: 2 }, undefined, false);
    expect(unknownFields).to.deep.equal(['constructor', 'toString']);
  });
});

describe('Defaulting', () => {
  const schema: Schema = {
    type: 'object',
    properties: {
      outer: { type: 'object', default: {}, properties: { inner: { type: 'integer', default: 7 } } },
      absent: { type: 'object', properties: { inner: { type: 'integer', default: 7 } } },
    },
  };
  const fill = (value: unknown): unknown => compileSchema(schema)(value, undefined, false).value;

  it('fills in defaults inside of defaults, but makes no object by itself', () => {
    expect(fill({})).to.deep.equal({ outer: { inner: 7 } });
  });

  it('leaves what is given', () => {
    expect(fill({ outer: { inner: 0 } })).to.deep.equal({ outer: { inner: 0 } });
  });

  it('shares nothing between objects', () => {
    const [one, two] = [fill({}), fill({})] as { outer: object }[];
    expect(one!.outer).not.to.equal(two!.outer);
  });
});

const causesOf = (schema: Schema, value: unknown, before?: unknown) =>
  compileSchema(schema)(value, before, false).causes;

describe('Validation', () => {
  it('knows all that our CRDs ask for', () => {
    for (const crd of loadCrds()) {
      const schema = crd.spec.versions[0].schema.openAPIV3Schema;
      expect(causesOf(schema, { spec: {} })).not.to.have.length(0);
    }
  });

  it('refuses a constraint that it would not check', () => {
    const unchecked = { type: 'string', neverHeardOf: 3 } as unknown as Schema;
    expect(() => compileSchema(unchecked)).to.throw('neverHeardOf');
    expect(() => compileSchema({ type: 'string', format: 'ipv7' })).to.throw('ipv7');
  });

  it('names fields by their path, through lists and odd names', () => {
    const schema: Schema = {
      type: 'object',
      properties: { 'a/b': { type: 'array', items: { type: 'object', properties: { c: text } } } },
    };
    const [cause] = causesOf(schema, { 'a/b': [{ c: 'ok' }, { c: 1 }] });
    expect(cause).to.deep.equal({
      reason: 'FieldValueTypeInvalid',
      message: 'Invalid value: "integer": a/b[1].c in body must be of type string: "integer"',
      field: 'a/b[1].c',
    });
  });

  it('checks times, base64 and the range of int32', () => {
    const accepts = (format: string, value: unknown): boolean => {
      const type = typeof value === 'number' ? 'integer' : 'string';
      return causesOf({ type, format }, value).length === 0;
    };
    expect(accepts('date-time', '2026-01-01T00:00:00Z')).to.equal(true);
    expect(accepts('date-time', '2026-01-01T00:00:00.123456+02:00')).to.equal(true);
    expect(accepts('date-time', '2026-13-01T00:00:00Z')).to.equal(false);
    expect(accepts('date-time', 'yesterday')).to.equal(false);
    expect(accepts('byte', 'Zm9v')).to.equal(true);
    expect(accepts('byte', 'Zm9')).to.equal(false);
    expect(accepts('int32', 2 ** 31 - 1)).to.equal(true);
    expect(accepts('int32', 2 ** 31)).to.equal(false);
  });

  it('holds texts and lists to their lengths, counting characters as a person does', () => {
    expect(causesOf({ type: 'string', maxLength: 1 }, '\u{1f980}')).to.have.length(0);
    expect(causesOf({ type: 'string', minLength: 2 }, '\u{1f980}')).to.have.length(1);
    expect(causesOf({ type: 'array', items: text, maxItems: 1 }, ['a', 'b'])).to.have.length(1);
    const map: Schema = { type: 'object', additionalProperties: text, maxProperties: 1 };
    expect(causesOf(map, { a: 'x' })).to.deep.equal([]);
    expect(causesOf(map, { a: 'x', b: 'y' })).to.have.length(1);
  });

  it('finds repeated items of sets and of maps', () => {
    const set: Schema = { type: 'array', items: text, 'x-kubernetes-list-type': 'set' };
    expect(causesOf(set, ['a', 'b', 'a']).map(cause => cause.field)).to.deep.equal(['[2]']);
    const map: Schema = {
      type: 'array',
      items: { type: 'object', properties: { key: text, value: text } },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['key'],
    };
    expect(causesOf(map, [{ key: 'a', value: '1' }, { key: 'b' }])).to.deep.equal([]);
    const [cause] = causesOf(map, [
      { key: 'a', value: '1' },
      { key: 'a', value: '2' },
    ]);
    expect(cause!.message).to.equal('Duplicate value: {"key":"a"}');
  });
});

describe('Transition rules', () => {
  const withRule = (rule: string): Schema => ({
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        'x-kubernetes-validations': [{ rule, message: 'cannot be changed' }],
        properties: { a: text, b: text },
      },
    },
  });
  const change = (before: object, after: object): string[] =>
    causesOf(withRule('self.a == oldSelf.a && self.b == oldSelf.b'), { spec: after }, { spec: before }).map(
      cause => `${cause.field}: ${cause.message}`,
    );

  it('hold every field that they name', () => {
    const before = { a: '1', b: '2' };
    expect(change(before, { a: '1', b: '2' })).to.deep.equal([]);
    expect(change(before, { a: '9', b: '2' })).to.deep.equal([
      'spec: Invalid value: "object": cannot be changed',
    ]);
    expect(change(before, { a: '1', b: '9' })).to.have.length(1);
  });

  it('that cannot be enforced stop the start', () => {
    for (const rule of [
      'self.a != oldSelf.a',
      'self.a == oldSelf.b',
      'size(self.a) > 3',
      'self.a == oldSelf.a || true',
    ]) {
      expect(() => compileSchema(withRule(rule)), rule).to.throw(`cannot enforce the rule "${rule}"`);
    }
    const inList: Schema = { type: 'array', items: withRule('self.a == oldSelf.a') };
    expect(() => compileSchema(inList)).to.throw('cannot enforce');
  });
});
