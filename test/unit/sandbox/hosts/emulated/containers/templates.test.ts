import { expect } from 'chai';
import { formatTemplate } from '../../../../../../sandbox/hosts/emulated/containers/templates/format.ts';
import { TemplateError } from '../../../../../../sandbox/hosts/emulated/containers/templates/parse.ts';

const DATA = {
  Name: '/web',
  State: { Running: true, ExitCode: 0 },
  Config: {
    Labels: { 'dropfleet.service': 'web', a: '1' },
    Env: ['A=1', 'B=2'],
    ExposedPorts: { '80/tcp': {} },
  },
};

describe('Templates of an emulated engine', () => {
  const cases: readonly (readonly [title: string, template: string, expected: string])[] = [
    ['give fields by their path', '{{.Name}} {{.State.Running}} {{.State.ExitCode}}', '/web true 0'],
    ['give a value as JSON', '{{json .Config.Env}}', '["A=1","B=2"]'],
    ['pipe a value on', '{{.Config.Env | json}}', '["A=1","B=2"]'],
    ['look into maps', '{{index .Config.Labels "dropfleet.service"}}', 'web'],
    ['give nothing for a label that is not there', '[{{index .Config.Labels "no"}}]', '[]'],
    ['give Go\'s words for a field that is not in an open map', '{{.Config.Labels.no}}', '<no value>'],
    ['go through lists', '{{range .Config.Env}}{{println .}}{{end}}', 'A=1\nB=2\n'],
    ['go through maps in the order of their keys', '{{range $k, $v := .Config.Labels}}{{$k}}={{$v}},{{end}}', 'a=1,dropfleet.service=web,'],
    ['leave a value of a range unused', '{{range $p, $_ := .Config.ExposedPorts}}{{$p}}{{end}}', '80/tcp'],
    ['reach the whole from inside a range', '{{range .Config.Env}}{{$.Name}}{{end}}', '/web/web'],
    ['choose', '{{if .State.Running}}up{{else}}down{{end}}', 'up'],
    ['choose among several', '{{if eq .State.ExitCode 1}}one{{else if not .State.ExitCode}}none{{end}}', 'none'],
    ['trim what stands around an action', 'a {{- .Name -}} b', 'a/webb'],
    ['turn the tabs of a person\'s shell into tabs', '{{.Name}}\\t{{.State.ExitCode}}', '/web\t0'],
    ['call within a call', '{{len (index .Config.Labels "a")}}', '1'],
    ['show maps as Go does', '{{.Config.Labels}}', 'map[a:1 dropfleet.service:web]'],
  ]; // prettier-ignore
  for (const [title, template, expected] of cases)
    it(title, () => expect(formatTemplate(template, DATA)).to.equal(expected));

  it('refuse a field that there is not, as it is most likely a mistake', () => {
    expect(() => formatTemplate('{{.State.Exit}}', DATA)).to.throw(TemplateError);
  });

  it('refuse a range without an end', () => {
    expect(() => formatTemplate('{{range .Config.Env}}', DATA)).to.throw(TemplateError);
  });
});
