import { readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { expect } from 'chai';
import { GENERATED_FILES, generateTypes } from '../../../crds/generate.ts';
import { loadCrds } from '../../../crds/schema.ts';

describe('The types of the nouns', () => {
  for (const crd of loadCrds()) {
    const { kind, plural } = crd.spec.names;
    it(`are, for ${kind}, what ${plural}.yaml says (else: npm run generate)`, async () => {
      const file = new URL(`../../../crds/${GENERATED_FILES[kind]}`, import.meta.url);
      const style = await resolveConfig(file);
      const generated = await format(generateTypes(crd), { ...style, parser: 'typescript' });
      expect(readFileSync(file, 'utf8')).to.equal(generated);
    });
  }
});
