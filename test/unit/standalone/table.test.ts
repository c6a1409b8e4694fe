import { expect } from 'chai';
import { compileJsonPath, humanDuration } from '../../../standalone/columns.ts';

describe('A duration for a person', () => {
  const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];
  // As k8s.io/apimachinery/pkg/util/duration has it.
  const cases: [number, string][] = [
    [-5 * second, '<invalid>'],
    [-1 * second, '0s'],
    [0, '0s'],
    [119 * second, '119s'],
    [2 * minute, '2m'],
    [2 * minute + 30 * second, '2m30s'],
    [10 * minute + 30 * second, '10m'],
    [179 * minute, '179m'],
    [3 * hour + 5 * minute, '3h5m'],
    [8 * hour + 5 * minute, '8h'],
    [47 * hour, '47h'],
    [2 * day + 3 * hour, '2d3h'],
    [8 * day + 3 * hour, '8d'],
    [729 * day, '729d'],
    [2 * 365 * day + day, '2y1d'],
    [9 * 365 * day + day, '9y'],
  ];
  for (const [milliseconds, text] of cases) {
    it(`of ${milliseconds} ms is ${text}`, () => expect(humanDuration(milliseconds)).to.equal(text));
  }
});

describe('A JSONPath', () => {
  const object = {
    spec: {
      'odd-name': 1,
      list: [
        { type: 'A', status: 'x' },
        { type: 'Ready', status: 'y' },
      ],
    },
  };
  const cases: [string, unknown][] = [
    ['.spec.odd-name', 1],
    ['.spec.list[?(@.type=="Ready")].status', 'y'],
    ['.spec.list[?(@.type=="None")].status', undefined],
    ['.spec.none.deeper', undefined],
    ['.spec.toString', undefined],
  ];
  for (const [path, expected] of cases) {
    it(`${path} finds ${String(expected)}`, () => expect(compileJsonPath(path)(object)).to.equal(expected));
  }

  it('that is not understood is refused when it is compiled', () => {
    for (const path of ['spec', '..spec', '.spec[*]', '.spec[0]', '.spec[?(@.a>1)]']) {
      expect(() => compileJsonPath(path), path).to.throw('is not supported');
    }
  });
});
