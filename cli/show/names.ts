import type { FleetSummary } from '../../reconcilers/read-model/fleet-summary.ts';

interface Named {
  namespace: string;
  name: string;
}

/** How projects and droplets are called: by their names, and with the namespace where several have one name. */
export function namesIn({ projects, strays }: FleetSummary): (one: Named) => string {
  const droplets = [...projects.flatMap(project => project.droplets), ...strays];
  const shared = new Set([...sharedNames(projects), ...sharedNames(droplets)]);
  return ({ namespace, name }) => (shared.has(name) ? `${namespace}/${name}` : name);
}

function sharedNames(all: readonly Named[]): string[] {
  const seen = new Set<string>();
  return all.flatMap(({ name }) => {
    const isShared = seen.has(name);
    seen.add(name);
    return isShared ? [name] : [];
  });
}
