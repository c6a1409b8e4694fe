import { expect } from 'chai';
import * as fc from 'fast-check';
import { FifoSet } from '../../../../controllers/runtime/fifo-set.ts';
import { propertyOptions } from '../../../fakes/property-options.ts';

describe('A set that is first in, first out', () => {
  it('is an array without repetitions, whatever is added, deleted and shifted', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.record({ does: fc.constantFrom('add', 'delete', 'shift'), key });
    const property = fc.property(fc.array(step, { maxLength: 40 }), steps => {
      const fifo = new FifoSet();
      let model: string[] = [];
      for (const { does, key } of steps) {
        if (does === 'shift') expect(fifo.shift()).to.equal(model.shift());
        else if (does === 'delete') {
          expect(fifo.delete(key)).to.equal(model.includes(key));
          model = model.filter(other => other !== key);
        } else {
          fifo.add(key);
          if (!model.includes(key)) model.push(key);
        }
      }
      for (const expected of [...model, undefined]) expect(fifo.shift()).to.equal(expected);
    });
    fc.assert(property, propertyOptions(500));
  });
});
