import type { Command } from 'commander'
import type { CliContext } from './context.ts'

/** Runs an action and remembers its exit code; failures are told, never thrown at the user. */
export type Act = (work: () => Promise<number>) => Promise<void>

/** A subcommand: one file, one line in the list below. */
export type AddCommand = (program: Command, context: CliContext, act: Act) => void
