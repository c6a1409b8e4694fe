import { splitKey, type ObjectKey } from '../../crds/meta.ts';
import type { HeldBack } from '../project/status.ts';
import type { Brake } from './plan.ts';

/** What is held back at the moment. Kept in memory: the next look at projects.csv finds it again. */
export interface BrakeState {
  /** What is held back from that Project, if anything is. */
  of(key: ObjectKey): HeldBack | undefined;
  current(): Brake | undefined;
  /** Tells the handler which Projects' brakes changed. */
  subscribe(handler: (keys: ObjectKey[]) => void): () => void;
  set(brake: Brake | undefined): void;
}

/** Nothing held back; brakes concern Projects of that namespace only. */
export function createBrakeState(namespace: string): BrakeState {
  const handlers = new Set<(keys: ObjectKey[]) => void>();
  let brake: Brake | undefined;
  const keysOf = (of: Brake | undefined): ObjectKey[] =>
    (of?.projects ?? []).map(name => `${namespace}/${name}`);
  return {
    current: () => brake,
    of(key) {
      const { namespace: itsNamespace, name } = splitKey(key);
      const concerns = itsNamespace === namespace && brake?.projects.includes(name);
      return concerns ? brake : undefined;
    },
    subscribe(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    set(next) {
      const keys = new Set([...keysOf(brake), ...keysOf(next)]);
      const isSame = brake?.confirmation === next?.confirmation && brake?.message === next?.message;
      brake = next;
      if (!isSame) for (const handler of handlers) handler([...keys]);
    },
  };
}
