import type { SizeProblem } from '../../config/check-sizes.ts';
import { formatProblems, type Problem } from '../../config/problems.ts';

/** Why rows are not followed whose sizes their regions do not offer, by the project's name. */
export function heldRowsOf(problems: readonly SizeProblem[]): Map<string, string> {
  const byProject = Map.groupBy(problems, ({ project }) => project);
  return new Map([...byProject].map(([project, own]) => [project, heldRowMessage(own)]));
}

const heldRowMessage = (problems: readonly Problem[]): string =>
  `${problems.map(problem => formatProblems([problem])).join('; ')}; row skipped until it names one that is, other rows applied`;
