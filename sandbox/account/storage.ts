import { randomUUID } from 'node:crypto';
import { openJournal, readJournal, type Journal } from './records/journal.ts';
import { lockStateFile, type Release } from './records/lock.ts';
import { createState, type Change, type State } from './records/state.ts';
import { withAccount } from './context.ts';

/** Never of `random`: two sandboxes are two accounts though both are seeded alike. */
const newUuid = (): string => randomUUID().replaceAll('-', '');

/** What the account holds, and the file that it is kept in, if any. */
export interface Storage {
  readonly state: State;
  readonly journal: Journal | undefined;
  close(): Promise<void>;
}

/**
 * Reads the state file, and takes it for this process unless nothing is to be kept. Rejects with StateFileError when it
 * is damaged or in use.
 */
export async function openStorage(
  { stateFile: file, forgets = false }: { readonly stateFile?: string; readonly forgets?: boolean },
  onCommit: (changes: Change[]) => void,
): Promise<Storage> {
  if (file === undefined || forgets) {
    const changes = file === undefined ? [] : await readJournal(file);
    const state = createState(withAccount(changes, newUuid), onCommit);
    return { state, journal: undefined, close: async () => undefined };
  }
  const release = await lockStateFile(file);
  try {
    return await openFile(file, release, onCommit);
  } catch (error) {
    await release();
    throw error;
  }
}

async function openFile(
  file: string,
  release: Release,
  onCommit: (changes: Change[]) => void,
): Promise<Storage> {
  const state = createState(withAccount(await readJournal(file), newUuid), changes => {
    journal.append(changes);
    onCommit(changes);
  });
  const journal = await openJournal(file, () => state.snapshot());
  return {
    state,
    journal,
    async close() {
      try {
        await journal.close();
      } finally {
        await release();
      }
    },
  };
}
