#!/usr/bin/env node
import { processContext } from './context.ts'
import { runCli } from './program.ts'

process.exitCode = await runCli(process.argv.slice(2), processContext())

// Whatever is still open then (a connection that was being made when its owner was closed) must not keep the process.
setTimeout(() => process.exit(), 1000).unref()
