import { splitKey, type ObjectKey } from '../../crds/meta.ts';
import type { Project } from '../../crds/project.ts';
import type { HeldBack } from '../gate/held-back.ts';
import { isFromCsv, isAsInRow, type DesiredProject } from './plan.ts';

/** What the gate holds of the file; no step of it is made then. */
export interface CsvHold extends HeldBack {
  /** The names of the Projects that would lose droplets. */
  projects: readonly string[];
}

/** What was found in projects.csv. */
export interface CsvFindings {
  /** Undefined when the file cannot be followed: then the Projects stay as they are. */
  rows?: readonly DesiredProject[];
  hold?: CsvHold;
  /** What holds up single rows, by the project's name: they are not among the rows as they stand in the file. */
  heldRows?: ReadonlyMap<string, string>;
}

/**
 * What csv-sync last found, for the project controller. Kept in memory: the next reconcile of the file finds it
 * again.
 */
export interface CsvState {
  /** What is held back from that Project, if anything is. */
  heldBack(key: ObjectKey): HeldBack | undefined;
  /** Why the row of that Project is not followed, if it is not. */
  rowHeld(project: Project): string | undefined;
  /**
   * Whether csv-sync is about to change that Project, so that nothing should be made or destroyed by what its
   * spec says now: a csv Project that was edited by hand, and every one before the file was first read.
   */
  isAboutToChange(project: Project): boolean;
  hold(): CsvHold | undefined;
  /** The handler is called when Projects may be seen otherwise. Returns what ends that. */
  subscribe(handler: () => void): () => void;
  set(findings: CsvFindings): void;
}

/** Nothing found yet; the rows' Projects live in that namespace. */
export function createCsvState(namespace: string): CsvState {
  const handlers = new Set<() => void>();
  let findings: CsvFindings | undefined;
  return {
    hold: () => findings?.hold,
    heldBack(key) {
      const { namespace: itsNamespace, name } = splitKey(key);
      const hold = findings?.hold;
      return itsNamespace === namespace && hold?.projects.includes(name) ? hold : undefined;
    },
    rowHeld(project) {
      const { name, namespace: itsNamespace } = project.metadata;
      return itsNamespace === namespace && isFromCsv(project) ? findings?.heldRows?.get(name) : undefined;
    },
    isAboutToChange(project) {
      const { name, namespace: itsNamespace } = project.metadata;
      if (itsNamespace !== namespace || !isFromCsv(project)) return false;
      if (findings === undefined) return true;
      if (findings.rows === undefined || findings.hold !== undefined) return false;
      const row = findings.rows.find(({ project: named }) => named === name);
      return row === undefined || !isAsInRow(project, row);
    },
    subscribe(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    set(next) {
      const isNews = matters(findings, next);
      findings = next;
      if (isNews) for (const handler of handlers) handler();
    },
  };
}

/** Whether Projects may be seen otherwise now. A row that changed is news to its Project by itself. */
function matters(before: CsvFindings | undefined, after: CsvFindings): boolean {
  if (before === undefined || (before.rows === undefined) !== (after.rows === undefined)) return true;
  return before.hold?.message !== after.hold?.message || rowsHeldIn(before) !== rowsHeldIn(after);
}

const rowsHeldIn = ({ heldRows = new Map() }: CsvFindings): string => JSON.stringify([...heldRows]);
