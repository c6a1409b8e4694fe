import { expect } from 'chai';
import { assert, property, string } from 'fast-check';
import { printable, printableLines, quoted } from '../../../../clients/log/printable.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';

describe('What is printable', () => {
  it('says by its number what a terminal obeys, turns around or does not show', () => {
    for (const [text, shown] of [
      ['\u001b[2J\u009b1m', '\\u001b[2J\\u009b1m'],
      ['a\nb\r\tc\u007f', 'a\\nb\\u000d\\u0009c\\u007f'],
      ['web1\u202e1bew\u2066', 'web1\\u202e1bew\\u2066'],
      ['sh\u200bop\ufeff\u00ad\u2060\u3164', 'sh\\u200bop\\ufeff\\u00ad\\u2060\\u3164'],
      ['\u2028\u2029', '\\u2028\\u2029'],
      ['\u{e0041}\ud800', '\\udb40\\udc41\\ud800'],
    ] as const)
      expect(printable(text)).to.equal(shown);
  });

  it('is what people write, in any script', () => {
    for (const text of ['shop-web1', 'Zoë', '日本語', 'שלום', '🚀 <&"\\>'])
      expect(printable(text)).to.equal(text);
  });

  it('leaves JSON what it says', () => {
    assert(
      property(string({ unit: 'binary' }), text => {
        const json = JSON.stringify({ [text]: [text] }, null, 2);
        expect(JSON.parse(printableLines(json))).to.deep.equal(JSON.parse(json));
        expect(printable(printableLines(json).replaceAll('\n', ''))).to.equal(
          printableLines(json).replaceAll('\n', ''),
        );
      }),
      propertyOptions(500),
    );
  });

  it('is shortened in quotes, so that ten megabytes make no line', () => {
    expect(quoted('x'.repeat(1e7), 5)).to.equal('"xxxxx..."');
    expect(quoted('a"b\u0007')).to.equal('"a\\"b\\u0007"');
  });
});
