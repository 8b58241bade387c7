#!/usr/bin/env node
import { runCli } from './run-cli.ts'

const VERSION = '0.1.0'

// A reader that closed early (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 70))
process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  version: VERSION,
})
