import { runCli } from '../../cli/program.ts'

export interface CliAnswer {
  code: number
  out: string[]
  err: string[]
}

/** Runs a command in this process with an environment of its own. */
export async function runHere(args: readonly string[], env: Record<string, string> = {}): Promise<CliAnswer> {
  const out: string[] = []
  const err: string[] = []
  const code = await runCli(args, {
    env,
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    terminal: false,
  })
  return { code, out, err }
}
