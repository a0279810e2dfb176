import { execFileSync, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { errorClasses } from '../../lib/record/record.ts'
import { MAX_MESSAGE_BYTES } from '../../streaming/message.ts'
import { jobFolder, noSpark, sparkParts } from '../support/spark-parts.ts'

const reason = noSpark()
const env = { ...process.env, PYTHONPATH: jobFolder, PYTHONDONTWRITEBYTECODE: '1' }
const python = sparkParts()?.python ?? 'python3'

describe.skipIf(reason !== undefined)(`the job's own code${reason === undefined ? '' : `: ${reason}`}`, () => {
  it('passes its tests', () => {
    const file = fileURLToPath(new URL('settings_test.py', import.meta.url))
    const { status, stderr } = spawnSync(python, [file], { env, encoding: 'utf8' })
    expect(stderr).toMatch(/Ran [1-9]\d* tests/)
    expect(status, stderr).toBe(0)
  })

  it('knows the classes of errors and the limits that DTMS knows', () => {
    const script = 'import json, windows as w; print(json.dumps([w.ERROR_CLASSES, w.MAX_MESSAGE_BYTES, w.MOST_EXACT]))'
    const told = execFileSync(python, ['-c', script], { env, encoding: 'utf8' })
    expect(JSON.parse(told)).toEqual([errorClasses, MAX_MESSAGE_BYTES, Number.MAX_SAFE_INTEGER])
  })
})
