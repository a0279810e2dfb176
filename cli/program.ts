import { Command, CommanderError } from 'commander'
import { version } from '../lib/version.ts'
import type { Act, AddCommand } from './command.ts'
import { type CliContext, reportFailure } from './context.ts'
import { addImport } from './import.ts'
import { addLoad } from './load.ts'
import { addLog } from './log.ts'
import { addRun } from './run.ts'
import { addSimulate } from './simulate.ts'
import { addUp } from './up.ts'

const commands: readonly AddCommand[] = [addUp, addRun, addSimulate, addImport, addLog, addLoad]

/**
 * The `dtms` command.
 * @returns the exit code: 0 good, 1 a finding or a failure, 2 usage or settings
 */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  let code = 0
  const program = createProgram(context, async (work) => {
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

export function createProgram(context: CliContext, act: Act): Command {
  const program = new Command('dtms')
    .description('Distributed transfer monitoring: simulate or import transfers, record them, watch them.')
    .version(version)
    .showHelpAfterError('(--help shows how it is used)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.out(text.trimEnd()),
      writeErr: (text) => context.err(text.trimEnd()),
    })
  for (const add of commands) add(program, context, act)
  return program
}
