import type { LeaseTiming } from '../../lib/log/lease.ts'
import { aTransfer, eventually } from './builders.ts'
import { aProcess, type RunningProcess } from './processes.ts'

/** A line of what a writing process says of itself. */
export interface WriterMessage {
  epoch?: number
  nextSeq?: number
  seq?: number
  id?: string
  closed?: boolean
  fenced?: string
  error?: string
  message?: string
  hint?: string
}

export interface WriterProcess extends RunningProcess {
  messages(): WriterMessage[]
  /** Waits for a message. */
  said(wanted: (message: WriterMessage) => boolean): Promise<WriterMessage>
}

/** A process that writes transfers of SITE_A, named `name` in their origin, as fast as they are acknowledged. */
export function startWriter(root: string, name: string, leaseTiming: LeaseTiming): WriterProcess {
  const options = JSON.stringify({ root, name, leaseTiming, transfer: aTransfer() })
  const child = aProcess('./writer-process.js', { WRITER_OPTIONS: options })
  const messages = () => {
    const whole = child.output().slice(0, child.output().lastIndexOf('\n') + 1)
    return whole
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line): WriterMessage => JSON.parse(line))
  }
  return { ...child, messages, said: (wanted) => eventually(() => messages().find(wanted)) }
}
