import { expect } from 'chai';
import { parseDrainFacts } from '../../../../reconcilers/draining/facts.ts';

describe('What a master tells of requests that are under way', () => {
  it('is how many old workers there are, and how many connections to each server', () => {
    const facts = parseDrainFacts('old\t2\nopen\t10.0.0.3\t0\nopen\t10.0.0.4\t7\nend\n');
    expect(facts).to.deep.equal({
      oldWorkers: 2,
      connections: new Map([
        ['10.0.0.3', 0],
        ['10.0.0.4', 7],
      ]),
    });
  });

  it('is nothing when it is not whole, or no number', () => {
    for (const output of ['', 'old\t0\n', 'old\t\nend\n', 'open\t10.0.0.3\t0\nend\n'])
      expect(parseDrainFacts(output), output).to.equal(undefined);
  });

  it('leaves out a server of which there is no number', () => {
    expect(parseDrainFacts('old\t1\nopen\t10.0.0.3\t\nend\n')!.connections.size).to.equal(0);
  });
});
