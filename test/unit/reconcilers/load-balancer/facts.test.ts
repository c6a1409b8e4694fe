import { expect } from 'chai';
import { parseFacts } from '../../../../reconcilers/load-balancer/facts.ts';
import { featuresOf, parseNginxVersion } from '../../../../reconcilers/load-balancer/nginx-version.ts';

const output = [
  'version\tnginx version: nginx/1.22.1',
  'main\t/etc/nginx/dropfleet/current/nginx.conf',
  'current\tg-0123456789ab',
  'digest\tabcdef  -',
  'running\t0123456789ab',
  'end',
].join('\n');

describe('What a master tells of its load balancer', () => {
  it('is read by name', () => {
    expect(parseFacts(`${output}\n`)).to.deep.equal({
      version: '1.22.1',
      main: '/etc/nginx/dropfleet/current/nginx.conf',
      current: 'g-0123456789ab',
      digest: 'abcdef',
      running: '0123456789ab',
    });
  });

  it('has no version where nginx is not installed', () => {
    const facts = parseFacts(output.replace('nginx version: nginx/1.22.1', 'sh: 1: nginx: not found'));
    expect(facts).to.include({ version: undefined });
  });

  it('survives a page of another program in the place of the generation', () => {
    const page = '<html>\n<body>\tIt works!\nend of it</body>';
    expect(parseFacts(output.replace('running\t0123456789ab', `running\t${page}`))).to.include({
      running: '<html>',
    });
  });

  it('counts as not told when its end is missing', () => {
    expect(parseFacts(output.slice(0, -4))).to.equal(undefined);
    expect(parseFacts('')).to.equal(undefined);
  });
});

describe('The version of nginx', () => {
  it('is read from what distributions print', () => {
    expect(parseNginxVersion('nginx version: nginx/1.24.0 (Ubuntu)')).to.equal('1.24.0');
    expect(parseNginxVersion('nginx: command not found')).to.equal(undefined);
  });

  it('has keepalive_min_timeout from 1.27.4 on', () => {
    const has = (version: string): boolean => featuresOf(version).hasKeepaliveMinTimeout;
    expect(['1.22.1', '1.26.3', '1.27.3', '0.99.99'].filter(has)).to.deep.equal([]);
    expect(['1.27.4', '1.27.10', '1.28.0', '1.30.6', '2.0.0'].filter(has)).to.have.length(5);
  });
});
