import { expect } from 'chai';
import type { Logger } from '../../../../clients/log.ts';
import { describeError } from '../../../../clients/log/describe-error.ts';
import { createJsonLogger } from '../../../../clients/log/json.ts';
import type { LogLevel } from '../../../../clients/log/levels.ts';
import type { LogOptions } from '../../../../clients/log/line-logger.ts';
import { createTextLogger } from '../../../../clients/log/text.ts';

function written(
  create: (options: LogOptions) => Logger,
  say: (log: Logger) => void,
  level: LogLevel = 'info',
) {
  const texts: string[] = [];
  const now = (): number => Date.parse('2026-01-01T00:00:00.123Z');
  say(create({ sink: { write: text => texts.push(text) }, clock: { now }, level }));
  return texts.join('');
}

describe('The text log', () => {
  it('has the time, the level, the message and the fields on one line', () => {
    const text = written(createTextLogger, log => {
      log.info('reconciled', { key: 'default/shop', seconds: 1.5, first: true, none: undefined });
      log.error('failed');
    });
    expect(text).to.equal(
      '2026-01-01T00:00:00.123Z INFO  reconciled key=default/shop seconds=1.5 first=true\n' +
        '2026-01-01T00:00:00.123Z ERROR failed\n',
    );
  });

  it('quotes what would not read back as one value', () => {
    const text = written(createTextLogger, log => log.info('m', { a: 'two words', b: 'x="y"', c: '' }));
    expect(text).to.contain(' a="two words" b="x=\\"y\\"" c=""\n');
  });

  it('lets nothing from elsewhere begin a line or move the cursor', () => {
    const text = written(createTextLogger, log => {
      log.info('said\nFAKE line', { output: '\u001b[2Jgone\u2028' });
    });
    expect(text).to.equal('2026-01-01T00:00:00.123Z INFO  said\\nFAKE line output="\\u001b[2Jgone\\u2028"\n');
  });

  it('shows values of several lines below, indented, so that none of them passes for a line of the log', () => {
    const text = written(createTextLogger, log => {
      log.warn('stopped', { error: 'no changes made:\na.csv:2:1: wrong\u001b[2J\n', key: 'a' });
    });
    expect(text).to.equal(
      '2026-01-01T00:00:00.123Z WARN  stopped key=a\n' +
        '    error: no changes made:\n' +
        '    a.csv:2:1: wrong\\u001b[2J\n',
    );
  });

  it('carries the fields of a logger with fields, and the nearer one wins', () => {
    const text = written(createTextLogger, log => {
      log.with({ controller: 'droplet', key: 'a' }).with({ key: 'b' }).warn('m', { n: 1 });
    });
    expect(text).to.contain('WARN  m controller=droplet key=b n=1\n');
  });
});

describe('The JSON log', () => {
  it('has one object a line', () => {
    const text = written(createJsonLogger, log => log.with({ key: 'a' }).info('two\nlines', { n: 1 }));
    expect(text.trimEnd()).not.to.contain('\n');
    expect(JSON.parse(text)).to.deep.equal({
      time: '2026-01-01T00:00:00.123Z',
      level: 'info',
      message: 'two\nlines',
      key: 'a',
      n: 1,
    });
  });

  it('lets no field take the place of what every line has', () => {
    const text = written(createJsonLogger, log => log.info('true', { message: 'false', level: 'none' }));
    expect(JSON.parse(text)).to.include({ message: 'true', level: 'info' });
  });
});

describe('The log level', () => {
  it('leaves out what matters less', () => {
    const say = (log: Logger): void => {
      log.debug('debug');
      log.info('info');
      log.warn('warn');
      log.error('error');
    };
    const messages = (level: LogLevel): string[] =>
      written(createJsonLogger, say, level)
        .trimEnd()
        .split('\n')
        .map(line => (JSON.parse(line) as { message: string }).message);
    expect(messages('debug')).to.deep.equal(['debug', 'info', 'warn', 'error']);
    expect(messages('warn')).to.deep.equal(['warn', 'error']);
  });
});

describe('The description of an error', () => {
  it('has its message and those of its causes', () => {
    const refused = new Error('connection refused');
    const error = new Error('cannot list droplets', {
      cause: new Error('request failed', { cause: refused }),
    });
    expect(describeError(error)).to.equal('cannot list droplets: request failed: connection refused');
  });

  it('does not repeat a cause whose message its wrapper already has', () => {
    const error = new Error('cannot list: refused', { cause: new Error('refused') });
    expect(describeError(error)).to.equal('cannot list: refused');
  });

  it('shows nothing else that the error carries', () => {
    const error = Object.assign(new Error('401'), {
      config: { headers: { authorization: 'Bearer secret' } },
    });
    expect(describeError(error)).to.equal('401');
    expect(describeError({ headers: { authorization: 'Bearer secret' } })).not.to.contain('secret');
  });

  it('ends even when the causes go in circles', () => {
    const error = new Error('a');
    error.cause = new Error('b', { cause: error });
    expect(describeError(error)).to.match(/^a: b/);
  });

  it('names the errors of an attempt at several addresses', () => {
    const error = new AggregateError([new Error('::1 refused'), new Error('127.0.0.1 refused')]);
    expect(describeError(error)).to.equal('::1 refused, 127.0.0.1 refused');
  });
});
