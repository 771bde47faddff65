#!/usr/bin/env node
// Starts the command on the Node that the project pins, whatever Node has started this file.
import { join } from 'node:path';

process.argv.splice(2, 0, join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../src/main.ts'));
await import('../../scripts/run.mjs');
