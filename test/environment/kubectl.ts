import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { ApiServer } from './api-server.ts';

/** What a kubectl command printed, and its exit code. */
export interface KubectlResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** The real kubectl, in one namespace of one server. */
export interface Kubectl {
  run(...args: string[]): Promise<KubectlResult>;
  /** What it printed; rejects with its complaint when it failed. */
  succeed(...args: string[]): Promise<string>;
}

/** Its cache goes to that folder. */
export function createKubectl(
  { kubeconfig }: Pick<ApiServer, 'kubeconfig'>,
  namespace: string,
  folder: string,
): Kubectl {
  const standing = ['--kubeconfig', kubeconfig, '--cache-dir', join(folder, 'cache'), '-n', namespace];
  const run = (...args: string[]): Promise<KubectlResult> =>
    new Promise(resolve => {
      execFile('kubectl', [...standing, ...args], (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr: stderr || (error?.message ?? '') });
      });
    });
  return {
    run,
    async succeed(...args) {
      const { code, stdout, stderr } = await run(...args);
      if (code !== 0) throw new Error(`kubectl ${args.join(' ')} failed with ${code}: ${stderr}`);
      return stdout;
    },
  };
}

/** A table without what differs from run to run: column widths, ages and addresses. */
export const normalize = (table: string): string[] =>
  table
    .trim()
    .split('\n')
    .map(line =>
      line
        .trim()
        .replaceAll(/ {2,}/g, '  ')
        .replaceAll(/\b198\.18\.\d+\.\d+\b/g, 'ADDRESS')
        .replaceAll(/\b\d+[smh](\d+s)?(?= |$)/g, 'AGE'),
    );
