import { expect } from 'chai';
import * as fc from 'fast-check';
import { loadCrds } from '../../../crds/schema.ts';
import { parseBody } from '../../../standalone/body.ts';
import { BUILT_IN_KINDS, EVENT, NAMESPACE } from '../../../standalone/built-in-kinds.ts';
import { CUSTOM, toKind } from '../../../standalone/kinds.ts';
import { chooseRepresentation } from '../../../standalone/representation.ts';
import { createRouter } from '../../../standalone/route.ts';
import { parseFieldSelector, parseLabelSelector } from '../../../standalone/selectors.ts';
import type { ApiObject } from '../../../standalone/object.ts';
import { propertyOptions } from '../../fakes/property-options.ts';

const findRoute = createRouter([...BUILT_IN_KINDS, ...loadCrds().map(({ spec }) => toKind(spec, CUSTOM))]);

describe('A path', () => {
  const shown = (path: string): unknown => {
    const route = findRoute(path);
    return [route.kind.kind, route.namespace, route.name, route.subresource];
  };
  const paths: [string, (string | undefined)[]][] = [
    ['/api/v1/namespaces', ['Namespace', undefined, undefined, undefined]],
    ['/api/v1/namespaces/a', ['Namespace', undefined, 'a', undefined]],
    ['/api/v1/namespaces/a/status', ['Namespace', undefined, 'a', 'status']],
    ['/api/v1/namespaces/a/secrets', ['Secret', 'a', undefined, undefined]],
    ['/api/v1/namespaces/a/secrets/b', ['Secret', 'a', 'b', undefined]],
    ['/api/v1/namespaces/secrets/secrets/secrets', ['Secret', 'secrets', 'secrets', undefined]],
    ['/api/v1/secrets', ['Secret', undefined, undefined, undefined]],
    ['/apis/dropfleet.io/v1alpha1/namespaces/a/projects/b/scale', ['Project', 'a', 'b', 'scale']],
    ['/apis/dropfleet.io/v1alpha1/namespaces/a/projects/b%2Ec', ['Project', 'a', 'b.c', undefined]],
  ];
  for (const [path, expected] of paths) {
    it(`${path} leads to ${expected.join(', ')}`, () => expect(shown(path)).to.deep.equal(expected));
  }

  it('that leads nowhere is refused with 404', () => {
    for (const path of [
      '/api/v1',
      '/apis/dropfleetXio/v1alpha1/projects',
      '/api/v1/nothings',
      '/api/v1/secrets/a',
      '/api/v1/namespaces/a/nothings',
      '/api/v1/namespaces/a/secrets/b/status',
      '/api/v1/namespaces/a/projects',
      '/apis/dropfleet.io/v1alpha1/namespaces/a/droplets/b/scale',
      '/apis/dropfleet.io/v1alpha1/namespaces/a/projects/b/scale/c',
      '/api/v1/namespaces/a/secrets/%',
    ]) {
      expect(() => findRoute(path), path)
        .to.throw()
        .with.property('code', 404);
    }
  });

  it('of any shape leads somewhere or is refused with 404', () => {
    const segment = fc.oneof(
      fc.constantFrom('api', 'apis', 'v1', 'namespaces', 'secrets', 'dropfleet.io'),
      fc.string(),
    );
    const property = fc.property(fc.array(segment, { maxLength: 9 }), segments => {
      try {
        findRoute(`/${segments.join('/')}`);
      } catch (error) {
        expect(error).to.have.property('code', 404);
      }
    });
    fc.assert(property, propertyOptions(300));
  });
});

describe('What a client accepts', () => {
  it('is taken in the order in which it is given', () => {
    const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    expect(chooseRepresentation(`${table},application/json`, null).as).to.equal('table');
    expect(chooseRepresentation(`application/json,${table}`, null).as).to.equal('object');
    expect(chooseRepresentation('application/vnd.kubernetes.protobuf, */*', null).as).to.equal('object');
    expect(chooseRepresentation(undefined, null).as).to.equal('object');
  });

  it('is passed over when it is a form that is not known', () => {
    const old = 'application/json;as=Table;v=v1beta1;g=meta.k8s.io';
    expect(chooseRepresentation(`${old},application/json`, null).as).to.equal('object');
    expect(() => chooseRepresentation(old, null))
      .to.throw()
      .with.property('code', 406);
  });
});

describe('A body', () => {
  const parse = (text: string, type = 'application/json'): unknown => parseBody(text, type).value;

  it('is refused without being quoted when it is broken, for it may be a Secret', () => {
    for (const [text, type] of [
      ['{"data": {"password": hunter2}}', 'application/json'],
      ['{password: [hunter2', 'application/yaml'],
    ] as const) {
      expect(() => parse(text, type))
        .to.throw(/^the body is not (JSON|YAML)/)
        .and.not.match(/hunter2/);
    }
  });

  it('may hold no number that JavaScript rounds', () => {
    expect(parse('{"a": 9007199254740991}')).to.deep.equal({ a: 9007199254740991 });
    for (const number of ['9007199254740993', '-9007199254740993', '1e400']) {
      expect(() => parse(`[${number}]`)).to.throw('beyond 2^53');
    }
  });

  it('may be nested a hundred deep and no more', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(() => parse(nested(100))).not.to.throw();
    expect(() => parse(nested(101))).to.throw('nested more than 100 deep');
    expect(() => parse(nested(1_000_000))).to.throw('nested more than 100 deep');
  });

  it('tells which fields stand twice in one object, wherever that is and however they are spelt', () => {
    const duplicates = (text: string, type = 'application/json'): string[] =>
      parseBody(text, type).duplicates;
    expect(duplicates('{"a":{"b":1,"c":{"b":2}},"b":["b","b"],"d":[{"x":1},{"x":1}]}')).to.deep.equal([]);
    expect(
      duplicates(String.raw`{"a":1,"l":[0,{"x":"{\"x\":","y":2,"\u0078":3}],"a":{"a":2}}`),
    ).to.deep.equal(['duplicate field "l[1].x"', 'duplicate field "a"']);
    expect(duplicates('a: {b: 1, b: 2}\n"a": 3\nb: 4', 'application/yaml')).to.have.members([
      'key "b" already set in map',
      'key "a" already set in map',
    ]);
  });

  it('tells of a hundred such fields, with the first letters of their names', () => {
    const text = `{"${'x'.repeat(1_000_000)}": {${'"a": 1,'.repeat(200)} "b": 1}}`;
    const { duplicates } = parseBody(text, 'application/json');
    expect(duplicates).to.have.length(100);
    expect(duplicates[0]).to.have.length.below(300);
  });

  it('says in YAML what the same says in JSON', () => {
    const number = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0.5, -1e-7, 1.25e-300));
    const scalar = fc.oneof(fc.string({ unit: 'binary' }), fc.boolean(), fc.constant(null), number);
    const json = fc.object({ maxDepth: 3, key: fc.string(), values: [scalar] });
    const kept = json.filter(value => !JSON.stringify(value).includes('__proto__'));
    const property = fc.property(kept, value => {
      const text = JSON.stringify(value);
      expect(parse(text, 'application/yaml')).to.deep.equal(parse(text));
    });
    fc.assert(property, propertyOptions(300));
  });

  it('in YAML is parsed or refused, and tells where it breaks', () => {
    const piece = fc.constantFrom(
      ...'[]{},:?!&*#|>-%@`"\'~ \n\ta0'.split(''),
      '- ',
      ': ',
      '? ',
      '---',
      '...',
      '<<',
      '!!',
    );
    const property = fc.property(fc.array(piece, { maxLength: 60 }), pieces => {
      try {
        parse(pieces.join(''), 'application/yaml');
      } catch (error) {
        expect(error).to.have.property('code', 400);
      }
    });
    fc.assert(property, propertyOptions(2_000));
    expect(() => parse('a: 1\nb: [', 'application/yaml')).to.throw('it breaks at line 2, column 5');
  });

  it('may not be a bomb of YAML aliases', () => {
    expect(() => parse('a: &a [x]\nb: [*a, *a]', 'application/yaml')).to.throw('not YAML');
  });
});

describe('A label selector', () => {
  const labelled = (labels: Record<string, string>): ApiObject => ({
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: { name: 'x', uid: 'x', resourceVersion: '1', creationTimestamp: '', labels },
  });

  it('in sets agrees with in equalities', () => {
    const letter = fc.constantFrom('a', 'b', 'c');
    const property = fc.property(letter, fc.dictionary(letter, letter), letter, (key, labels, value) => {
      const object = labelled(labels);
      const holds = (selector: string): boolean => parseLabelSelector(selector)(object);
      expect(holds(`${key}=${value}`)).to.equal(holds(`${key} in (${value})`));
      expect(holds(`${key}!=${value}`)).to.equal(holds(`${key} notin (${value})`));
      expect(holds(`!${key}`)).to.equal(!holds(key));
    });
    fc.assert(property, propertyOptions(100));
  });

  it('does not find what every object inherits', () => {
    expect(parseLabelSelector('toString')(labelled({}))).to.equal(false);
  });

  it('is refused when it is none', () => {
    for (const selector of ['a b', 'a in b', 'a in (b', '=a', 'a=b c', 'a,,b']) {
      expect(() => parseLabelSelector(selector), selector)
        .to.throw()
        .with.property('code', 400);
    }
  });
});

describe('A field selector', () => {
  it('knows only the fields of its kind', () => {
    expect(() => parseFieldSelector(EVENT, 'involvedObject.name=a,type!=Normal')).not.to.throw();
    expect(() => parseFieldSelector(NAMESPACE, 'status.phase=Active')).not.to.throw();
    expect(() => parseFieldSelector(NAMESPACE, 'metadata.namespace=a')).to.throw('field label not supported');
    expect(() => parseFieldSelector(NAMESPACE, 'metadata.name'))
      .to.throw()
      .with.property('code', 400);
  });
});
