#!/usr/bin/env node
import { failWith } from './failure.ts';
import { translateAliases } from './aliases.ts';
import { createProgram } from './program.ts';

try {
  await createProgram().parseAsync(translateAliases(process.argv.slice(2)), { from: 'user' });
} catch (error) {
  failWith(error);
}
