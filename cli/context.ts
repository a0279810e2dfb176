import { DtmsError, exitCodeOf, systemCode } from '../lib/errors.ts'

/** Everything a command may touch of the process it runs in, so that tests run commands without one. */
export interface CliContext {
  env: Record<string, string | undefined>
  /** Results; with `--json` exactly one object and nothing else. */
  out(text: string): void
  /** Progress, warnings and errors. */
  err(text: string): void
  /** Whether stderr is a terminal: only then is progress drawn. */
  terminal: boolean
}

export function processContext(): CliContext {
  // A reader that has seen enough (`| head`) closes the pipe: that is no failure.
  process.stdout.on('error', (error) => process.exit(systemCode(error) === 'EPIPE' ? 0 : 1))
  return {
    env: process.env,
    out: (text) => process.stdout.write(`${text}\n`),
    err: (text) => process.stderr.write(`${text}\n`),
    terminal: process.stderr.isTTY === true,
  }
}

/** Says what went wrong and what to do next, and answers the exit code. */
export function reportFailure(context: CliContext, error: unknown): 1 | 2 {
  if (error instanceof DtmsError) {
    context.err(`dtms: ${error.message}`)
    if (error.hint !== undefined) context.err(`      ${error.hint}`)
  } else {
    context.err(`dtms: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    context.err('      this is a defect of DTMS: please report it with the lines above')
  }
  return exitCodeOf(error)
}

/** A line that is redrawn in place on a terminal and absent elsewhere. */
export function createProgress(context: CliContext): { show(text: string): void; end(): void } {
  let lastAt = 0
  let shown = false
  return {
    show(text) {
      const now = performance.now()
      if (!context.terminal || now - lastAt < 100) return
      lastAt = now
      shown = true
      process.stderr.write(`\r\u001b[2K${text}`)
    },
    end() {
      if (shown) process.stderr.write('\r\u001b[2K')
    },
  }
}

/** Right-aligns numbers, left-aligns text; two spaces between columns. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head.map(String), ...rows.map((row) => row.map(String))]
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
  const isNumber = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'))
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          isNumber[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
