import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { quoteCommand } from '../../../../clients/ssh/quote.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';

/** The arguments that a real shell gives to the program of that line. */
function argumentsSeenBy(shell: string, line: string): string[] {
  const seen = execFileSync(shell, ['-c', line], { encoding: 'utf8' });
  return seen.split('\0').slice(0, -1);
}

const PRINT = ['printf', String.raw`%s\0`];
/** Whatever a shell could stumble over is more frequent than by chance. */
const word = fc
  .oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom(...'\'"\\$`!*?~#&;|<>(){}[]= \t\n\r^%-a'.split('')) }),
  )
  .filter(text => !text.includes('\0'));

describe('A quoted command', () => {
  it('reaches the program as the same arguments, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), words => {
        expect(argumentsSeenBy('sh', quoteCommand([...PRINT, ...words]))).to.deep.equal(words);
      }),
      propertyOptions(100),
    );
  });

  it('leaves plain words as they are, so that logs on the host stay readable', () => {
    expect(quoteCommand(['sudo', '-n', 'nginx', '-t', '-c', '/etc/nginx/nginx.conf'])).to.equal(
      'sudo -n nginx -t -c /etc/nginx/nginx.conf',
    );
  });

  it('is one program even when the program is named like an assignment or a reserved word', () => {
    expect(quoteCommand(['PATH=/tmp', 'x'])).to.equal("'PATH=/tmp' x");
    expect(quoteCommand(['if', 'if'])).to.equal("'if' if");
  });

  it('is refused without a program and with a NUL, which no line can carry', () => {
    expect(() => quoteCommand([])).to.throw(TypeError, 'needs a program');
    expect(() => quoteCommand([''])).to.throw(TypeError, 'needs a program');
    expect(() => quoteCommand(['echo', 'a\0b'])).to.throw(TypeError, 'NUL');
  });
});
