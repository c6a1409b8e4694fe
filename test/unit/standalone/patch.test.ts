import { expect } from 'chai';
import * as fc from 'fast-check';
import { applyMergePatch } from '../../../standalone/patch.ts';
import { applyJsonPatch } from '../../../standalone/json-patch.ts';
import { applyStrategicMerge } from '../../../standalone/strategic-merge.ts';
import { modelOfJsonPatch, type ModelOperation } from '../../fakes/json-patch-model.ts';
import { propertyOptions } from '../../fakes/property-options.ts';

const json = fc.jsonValue({ maxDepth: 3 });

describe('A merge patch', () => {
  // The examples of RFC 7386, appendix A.
  const examples: [unknown, unknown, unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, expected] of examples) {
    it(`${JSON.stringify(patch)} turns ${JSON.stringify(target)} into ${JSON.stringify(expected)}`, () => {
      expect(applyMergePatch(target, patch)).to.deep.equal(expected);
    });
  }

  it('changes nothing the second time', () => {
    const property = fc.property(json, json, (target, patch) => {
      const once = applyMergePatch(target, patch);
      expect(applyMergePatch(once, patch)).to.deep.equal(once);
    });
    fc.assert(property, propertyOptions(200));
  });
});

describe('A JSON patch', () => {
  const target = { a: { b: [1, 2, 3] }, 'x/y~z': 'odd' };
  const examples: [string, unknown[], unknown][] = [
    ['inserts into a list', [{ op: 'add', path: '/a/b/1', value: 9 }], { b: [1, 9, 2, 3] }],
    ['appends to a list', [{ op: 'add', path: '/a/b/-', value: 9 }], { b: [1, 2, 3, 9] }],
    ['replaces in a list', [{ op: 'replace', path: '/a/b/0', value: 9 }], { b: [9, 2, 3] }],
    ['removes from a list', [{ op: 'remove', path: '/a/b/2' }], { b: [1, 2] }],
    ['copies', [{ op: 'copy', from: '/a/b/0', path: '/a/c' }], { b: [1, 2, 3], c: 1 }],
    ['moves', [{ op: 'move', from: '/a/b/0', path: '/a/b/2' }], { b: [2, 3, 1] }],
    ['tests', [{ op: 'test', path: '/a/b', value: [1, 2, 3] }], { b: [1, 2, 3] }],
    ['replaces with null', [{ op: 'replace', path: '/a/b', value: null }], { b: null }],
  ];
  for (const [what, patch, expected] of examples) {
    it(what, () => expect(applyJsonPatch(target, patch)).to.deep.equal({ ...target, a: expected }));
  }

  it('unescapes ~1 and ~0', () => {
    const patch = [{ op: 'replace', path: '/x~1y~0z', value: 'even' }];
    expect(applyJsonPatch(target, patch)).to.include({ 'x/y~z': 'even' });
  });

  const misfits: [string, object][] = [
    ['replaces what is not there', { op: 'replace', path: '/none', value: 1 }],
    ['removes what is not there', { op: 'remove', path: '/a/b/3' }],
    ['adds below what is not there', { op: 'add', path: '/none/x', value: 1 }],
    ['adds beyond the end of a list', { op: 'add', path: '/a/b/4', value: 1 }],
    ['adds to a text', { op: 'add', path: '/x~1y~0z/a', value: 1 }],
    ['tests in vain', { op: 'test', path: '/a/b/0', value: 2 }],
    ['moves something into itself', { op: 'move', from: '/a', path: '/a/c' }],
    ['moves an item into itself', { op: 'move', from: '/a/b/0', path: '/a/b/0/c' }],
    ['reads what every JavaScript object inherits', { op: 'copy', from: '/toString', path: '/a/c' }],
  ];
  for (const [what, operation] of misfits) {
    it(`that ${what} does not fit`, () => {
      expect(() => applyJsonPatch(target, [operation]))
        .to.throw()
        .with.property('code', 422);
    });
  }

  it('is refused when it is none', () => {
    for (const patch of [
      {},
      [1],
      [{ op: 'add' }],
      [{ op: 'spin', path: '/a' }],
      [{ op: 'move', path: '/a' }],
      ...['add', 'replace', 'test'].map(op => [{ op, path: '/a' }]),
    ]) {
      expect(() => applyJsonPatch(target, patch))
        .to.throw()
        .with.property('code', 400);
    }
    expect(() => applyJsonPatch(target, [{ op: 'add', path: '/__proto__/x', value: 1 }])).to.throw(
      '__proto__',
    );
  });

  const pointer = fc
    .array(fc.constantFrom('a', 'b', 'a/b', '~', '0', '1', '2', '-', ''), { maxLength: 3 })
    .map(keys => keys.map(key => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''));
  const value = fc.letrec(tie => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, 0, 1, 'x'),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'a/b', '~', '0', ''), tie('any'), { maxKeys: 3 }),
    ),
  })).any;
  const operation: fc.Arbitrary<ModelOperation> = fc.record({
    op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test'),
    path: pointer,
    from: pointer,
    value,
  });

  it('does what a plain model of RFC 6902 does, or is refused when that says so', () => {
    const property = fc.property(value, fc.array(operation, { maxLength: 6 }), (document, patch) => {
      const expected = modelOfJsonPatch(document, patch);
      const actual = (): unknown => applyJsonPatch(document, patch);
      if (expected === undefined) expect(actual).to.throw().with.property('code', 422);
      else expect(actual()).to.deep.equal(expected.result);
    });
    fc.assert(property, propertyOptions(3_000));
  });

  it('whose copies add up to more than an object may have is refused before they do', () => {
    const copies = (count: number): object[] =>
      Array.from({ length: count }, (_, i) => ({ op: 'copy', from: '/a', path: `/c${i}` }));
    const document = { a: 'x'.repeat(1_000_000) };
    expect(Object.keys(applyJsonPatch(document, copies(3)) as object)).to.have.length(4);
    const doubling = Array.from({ length: 40 }, (_, i) => ({ op: 'copy', from: '', path: `/c${i}` }));
    for (const patch of [copies(4), doubling])
      expect(() => applyJsonPatch(document, patch))
        .to.throw()
        .with.property('code', 413);
  });

  it('may not nest deeper than a body, whatever it does for that', () => {
    const deeper = (op: string): object[] =>
      Array.from({ length: 200 }, (_, i) => ({ op, from: '/a', path: '/a'.repeat(i + 2), value: {} }));
    for (const patch of [deeper('add'), deeper('copy')])
      expect(() => applyJsonPatch({ a: {} }, patch)).to.throw('nested more than 100 deep');
  });

  it('may move the items of lists about only so often', () => {
    const document = { a: Array.from({ length: 200_000 }, () => 1) };
    const patch = (count: number): object[] =>
      Array.from({ length: count }, () => ({ op: 'add', path: '/a/0', value: 1 }));
    expect(applyJsonPatch(document, patch(100)))
      .to.have.property('a')
      .with.length(200_100);
    expect(() => applyJsonPatch(document, patch(1_000)))
      .to.throw()
      .with.property('code', 413);
  });

  it('leaves its target as it was', () => {
    const before = structuredClone(target);
    applyJsonPatch(target, [
      { op: 'add', path: '/a/b/-', value: 9 },
      { op: 'remove', path: '/a/b/0' },
    ]);
    expect(target).to.deep.equal(before);
  });
});

describe('A strategic merge patch', () => {
  const owner = (uid: string, name: string): object => ({ uid, name });

  it('merges owners by uid', () => {
    const target = { metadata: { ownerReferences: [owner('1', 'a'), owner('2', 'b')] } };
    const patch = {
      metadata: { ownerReferences: [owner('2', 'B'), { $patch: 'delete', uid: '1' }, owner('3', 'c')] },
    };
    expect(applyStrategicMerge(target, patch)).to.deep.equal({
      metadata: { ownerReferences: [owner('2', 'B'), owner('3', 'c')] },
    });
  });

  it('adds finalizers, and removes those it names for that', () => {
    const target = { metadata: { finalizers: ['a', 'b'] } };
    const patch = { metadata: { finalizers: ['b', 'c'], '$deleteFromPrimitiveList/finalizers': ['a'] } };
    expect(applyStrategicMerge(target, patch)).to.deep.equal({ metadata: { finalizers: ['b', 'c'] } });
  });

  it('replaces and deletes where it says so', () => {
    const target = { data: { a: '1', b: '2' } };
    expect(applyStrategicMerge(target, { data: { $patch: 'replace', c: '3' } })).to.deep.equal({
      data: { c: '3' },
    });
    expect(applyStrategicMerge(target, { data: { $patch: 'delete' } })).to.deep.equal({ data: {} });
  });

  it('refuses an unknown directive and an item without its key', () => {
    expect(() => applyStrategicMerge({}, { $spin: true })).to.throw('unknown directive "$spin"');
    const patch = { metadata: { ownerReferences: [{ name: 'a' }] } };
    expect(() => applyStrategicMerge({}, patch)).to.throw('does not contain the merge key uid');
  });
});
