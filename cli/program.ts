import { Command, CommanderError } from 'commander'
import { version } from '../lib/version.ts'
import type { Act, AddCommand } from './command.ts'
import { type CliContext, reportFailure } from './context.ts'

/** A subcommand's code is loaded when it is asked for: a service in a small pod has no room for that of the others. */
const commands: ReadonlyMap<string, () => Promise<AddCommand>> = new Map([
  ['up', async () => (await import('./up.ts')).addUp],
  ['run', async () => (await import('./run.ts')).addRun],
  ['simulate', async () => (await import('./simulate.ts')).addSimulate],
  ['import', async () => (await import('./import.ts')).addImport],
  ['log', async () => (await import('./log.ts')).addLog],
  ['load', async () => (await import('./load.ts')).addLoad],
  ['preflight', async () => (await import('./preflight.ts')).addPreflight],
])

/**
 * The `dtms` command.
 * @returns the exit code: 0 good, 1 a finding or a failure, 2 usage or settings
 */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  let code = 0
  const program = await createProgram(context, args[0], async (work) => {
    try {
      code = await work()
    } catch (error) {
      code = reportFailure(context, error)
    }
  })
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : 2
  }
  return code
}

/** With the one subcommand of that name; with all of them when there is none, which is what help needs. */
export async function createProgram(context: CliContext, name: string | undefined, act: Act): Promise<Command> {
  const program = new Command('dtms')
    .description('Distributed transfer monitoring: simulate or import transfers, record them, watch them.')
    .version(version)
    .showHelpAfterError('(--help shows how it is used)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.out(text.trimEnd()),
      writeErr: (text) => context.err(text.trimEnd()),
    })
  const asked = commands.get(name ?? '')
  const wanted = asked === undefined ? [...commands.values()] : [asked]
  for (const add of await Promise.all(wanted.map((load) => load()))) add(program, context, act)
  return program
}
