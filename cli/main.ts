#!/usr/bin/env node
import { keepHeapSmall } from './small-heap.ts'

const args = process.argv.slice(2)
// Loading the modules would already make the heap large.
if (args[0] === 'run' && args[1] === 'stream') keepHeapSmall()
const [{ processContext }, { runCli }] = await Promise.all([import('./context.ts'), import('./program.ts')])
process.exitCode = await runCli(args, processContext())

// Whatever is still open then (a connection that was being made when its owner was closed) must not keep the process.
setTimeout(() => process.exit(), 1000).unref()
