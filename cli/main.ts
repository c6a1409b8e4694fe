#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// Before the rest is loaded: Node then strips and compiles each file once, and not at every command.
enableCompileCache();
const { failWith } = await import('./failure.ts');
const { translateAliases } = await import('./aliases.ts');
const { createProgram } = await import('./program.ts');

try {
  await createProgram().parseAsync(translateAliases(process.argv.slice(2)), { from: 'user' });
} catch (error) {
  failWith(error);
}
