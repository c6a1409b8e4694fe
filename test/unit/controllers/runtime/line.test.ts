import { expect } from 'chai';
import * as fc from 'fast-check';
import { Line } from '../../../../controllers/runtime/line.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';

describe('A line', () => {
  it('is an array without repetitions, whoever joins, leaves and is taken', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.record({ does: fc.constantFrom('join', 'leave', 'take'), key });
    const property = fc.property(fc.array(step, { maxLength: 40 }), steps => {
      const line = new Line();
      let model: string[] = [];
      for (const { does, key } of steps) {
        if (does === 'take') expect(line.take()).to.equal(model.shift());
        else if (does === 'leave') {
          expect(line.leave(key)).to.equal(model.includes(key));
          model = model.filter(other => other !== key);
        } else {
          line.join(key);
          if (!model.includes(key)) model.push(key);
        }
      }
      for (const expected of [...model, undefined]) expect(line.take()).to.equal(expected);
    });
    fc.assert(property, propertyOptions(500));
  });
});
