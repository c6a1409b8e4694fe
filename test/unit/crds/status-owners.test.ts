import { expect } from 'chai';
import { loadCrds } from '../../../crds/schema.ts';
import {
  DROPLET_OWNERS,
  PROJECT_OWNERS,
  SERVICE_OWNERS,
  type StatusPart,
} from '../../../crds/status-owners.ts';

const OWNERS: Record<string, Record<string, StatusPart>> = {
  Droplet: DROPLET_OWNERS,
  Project: PROJECT_OWNERS,
  ServiceDeployment: SERVICE_OWNERS,
};

describe('The owners of statuses', () => {
  for (const { spec } of loadCrds()) {
    const { kind } = spec.names;
    const parts = Object.values(OWNERS[kind]!);
    const conditions = parts.flatMap(part => part.conditions);

    it(`share no field and no condition of a ${kind}`, () => {
      for (const names of [conditions, parts.flatMap(part => part.fields)])
        expect(names).to.deep.equal([...new Set(names)]);
    });

    it(`own conditions of a ${kind} that its CRD explains, and never Ready`, () => {
      const { status } = spec.versions[0].schema.openAPIV3Schema.properties!;
      const { description } = status!.properties!['conditions']!;
      for (const type of conditions) expect(description).to.match(new RegExp(`\\b${type}\\b`));
      expect(conditions).to.not.include('Ready');
    });
  }
});
