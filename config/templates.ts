import { access, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeAtomically } from './files.ts';
import { templatesFolder } from './run-options.ts';

/** The files that `init` writes, by their names in templates/. */
const TEMPLATES = {
  'projects.csv': 'projects.csv',
  'deployment_config.json': 'deployment_config.json',
  'email_config.json': 'email_config.json',
  'sms_config.json': 'sms_config.json',
  'webhook_config.json': 'webhook_config.json',
} as const;

/** The one that stands in templates/ beside the configuration. */
const RUN_TEMPLATE = 'docker/run.json';

const ENVIRONMENT_TEMPLATE = 'env.example';

/**
 * Writes the configuration files that are missing, as commented samples that are valid as they stand, and
 * leaves those that are there alone.
 * @param configDir the folder of projects.csv; made when it is missing. `templates/` stands beside it.
 * @param workingDir the folder of .env; gets `.env.example`.
 * @returns the paths of the files that were written.
 * @throws ConfigurationError when one cannot be written.
 */
export async function writeMissing(configDir: string, workingDir = '.'): Promise<string[]> {
  const targets = [
    ...Object.values(TEMPLATES).map(name => ({ template: name as string, path: join(configDir, name) })),
    { template: RUN_TEMPLATE, path: join(templatesFolder(configDir), RUN_TEMPLATE) },
    { template: ENVIRONMENT_TEMPLATE, path: join(workingDir, '.env.example') },
  ];
  const written: string[] = [];
  for (const { template, path } of targets) {
    if (await exists(path)) continue;
    await mkdir(dirname(path), { recursive: true });
    await writeAtomically(path, await readTemplate(template));
    written.push(path);
  }
  return written;
}

const readTemplate = (name: string): Promise<string> =>
  readFile(new URL(`templates/${name}`, import.meta.url), 'utf8');

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
