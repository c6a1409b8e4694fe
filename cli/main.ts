#!/usr/bin/env node
import { surviveBrokenOutput } from './broken-output.ts';
import { failWith } from './failure.ts';
import { translateAliases } from './aliases.ts';
import { createProgram } from './program.ts';

surviveBrokenOutput(process);
try {
  await createProgram().parseAsync(translateAliases(process.argv.slice(2)), { from: 'user' });
} catch (error) {
  failWith(error);
}
