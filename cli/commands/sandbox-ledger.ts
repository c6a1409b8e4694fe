import type { LedgerView } from '../../sandbox/control/control.ts';
import { printResult } from '../output.ts';
import { ledgerTable } from '../show/ledger-table.ts';
import { askSandbox, type SandboxOptions } from '../world/sandbox-control.ts';

/** Shows what a running sandbox was asked for, and what it would have cost at DigitalOcean. */
export async function sandboxLedger(options: SandboxOptions): Promise<void> {
  const ledger = await askSandbox<LedgerView>(options, 'GET', 'ledger');
  printResult(options, ledger, () => ledgerTable(ledger));
}
