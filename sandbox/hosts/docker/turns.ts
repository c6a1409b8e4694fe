/** Runs what is done to one droplet after whatever is being done to it already. */
export type InTurn = <T>(id: number, work: () => Promise<T>) => Promise<T>;

/** For each droplet a queue of its own. */
export function takeTurns(): InTurn {
  const last = new Map<number, Promise<unknown>>();
  return (id, work) => {
    const turn = (last.get(id) ?? Promise.resolve()).then(work, work);
    last.set(id, turn);
    return turn;
  };
}
