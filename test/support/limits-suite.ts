import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type MeasuredStack, measureStack } from './limited-stack.ts'
import { noLimits } from './limits-setup.ts'
import { limitsFile, type MeasuredUse, rowsOf, summaryOf, tableOf } from './limits-table.ts'

/** A limit that is used beyond this share leaves no room for a busier day. */
const MOST = 0.85

/** One run of everything inside its limits, and what must hold in it. */
export function limitsSuite(minutes: number): void {
  describe.skipIf(noLimits() !== undefined)(
    `all workloads inside the limits of their manifests, 2 × ${minutes} min`,
    () => {
      let measured: MeasuredStack
      let rows: MeasuredUse[] = []

      beforeAll(async () => {
        const say = (line: string) => void process.stdout.write(`${line}\n`)
        measured = await measureStack(minutes, say)
        rows = rowsOf(measured)
        say(tableOf(rows))
        const machine = `${availableParallelism()} processors, Node ${process.versions.node}`
        const run = {
          at: new Date().toISOString(),
          machine,
          minutes,
          readySeconds: measured.readySeconds,
          table: summaryOf(rows),
        }
        for (const [name, output] of measured.outputs) {
          const kept = join(dirname(limitsFile()), 'measured-use-logs', `${name.replaceAll(/[^a-z0-9-]+/g, '-')}.log`)
          mkdirSync(dirname(kept), { recursive: true })
          writeFileSync(kept, output)
        }
        const file = limitsFile()
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(file, JSON.stringify(run))
        say(`kept in ${file}, with the logs beside it; npm run budget writes it into docs/budget.md`)
      })

      it('no memory peak is above 85 % of its limit', () => {
        const share = ({ peakBytes, limitBytes }: MeasuredUse) => peakBytes / limitBytes
        expect(rows.filter((row) => share(row) > MOST).map((row) => [row.workload, row.phase, share(row)])).toEqual([])
      })

      it('the kernel ends nothing for want of memory', () => {
        expect(rows.filter(({ oomKills }) => oomKills > 0)).toEqual([])
      })

      it('once everything is ready it stays ready, and answers each probe in time', () => {
        // While all start at once a service may be ready for the empty log, and not for the past that is then written.
        const troubled = rows.filter(({ phase, notReady }) => phase !== 'start' && notReady.length > 0)
        const seen = troubled.map(({ workload, phase, notReady }) => [workload, phase, notReady])
        expect(seen).toEqual([])
        expect(rows.filter(({ phase, probes }) => phase !== 'start' && probes > 0).length).toBeGreaterThan(0)
      })

      it('every service tells the limits that it has', () => {
        const told = [...measured.told.values()].map(({ memoryBytes, cpuCores }) => ({ memoryBytes, cpuCores }))
        expect(told).toEqual([...measured.told.values()].map(({ container }) => container.limits))
        expect(told.length).toBeGreaterThan(5)
        expect(measured.speed).toBe(10)
      })

      it('every process ends well when it is told to', () => {
        // A Java program that obeys SIGTERM ends with 128 + 15.
        const good = (name: string, how: string) => how === '0' || (name === 'dtms-kafka' && how === '143')
        const bad = [...measured.endings].filter(([name, { how }]) => !good(name, how))
        expect(bad.map(([name, { how }]) => [name, how, measured.outputs.get(name)?.slice(-2000)])).toEqual([])
      })
    },
  )
}
