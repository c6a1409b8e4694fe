import type { Faults } from './faults.ts';
import type { Rack } from './rack.ts';

/** They outlive the sandbox's process, or a machine that crashed would come back with it. */
export async function readFaults({ hypervisor, faults }: Rack, id: number): Promise<Faults> {
  const known = faults.get(id);
  if (known !== undefined) return known;
  const text = await hypervisor.run(String(id), ['faults', String(id)]);
  const kept = text === '' ? [] : (JSON.parse(text) as Faults);
  faults.set(id, kept);
  return kept;
}

export async function keepFaults({ hypervisor, faults }: Rack, id: number, kept: Faults): Promise<void> {
  if (kept.length === 0 && faults.get(id)?.length === 0) return;
  await hypervisor.run(String(id), ['keep-faults', String(id)], { stdin: JSON.stringify(kept) });
  faults.set(id, kept);
}
