import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { rowReasons } from '../../../exporters/import/format.ts'
import { formatNames } from '../../../exporters/import/formats.ts'
import { mappingSchema } from '../../../exporters/import/mapping.ts'
import { durationUnits, sizeUnits, timeUnits } from '../../../exporters/import/values.ts'
import { anImport } from '../../support/imports.ts'

const page = readFileSync(new URL('../../../docs/import.md', import.meta.url), 'utf8')

function block(language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1]
  if (found === undefined) throw new Error(`docs/import.md has no ${language} block`)
  return found
}

test('the worked example gives what the page says', async () => {
  const data = anImport()
  const mapping = data.file('site-log.yaml', block('yaml'))
  const mapped = anImport({ mapping })
  expect(await mapped.run(block('csv'), 'mapped-csv')).toEqual(JSON.parse(block('json')))
  expect(await mapped.records()).toMatchObject([
    { site: 'DCACHE_A', status: 'ok', sizeBytes: 1_500_000_000, protocol: 'davs', origin: { id: 'j-1' } },
    { status: 'failed', sizeBytes: 80_500_000, error: { scope: 'destination', class: 'no_space' } },
  ])
  // Every row has an id: the same file twice in one is one file.
  const twice = block('csv') + block('csv').split('\n').slice(1).join('\n')
  expect(await mapped.run(twice, 'mapped-csv')).toMatchObject({ read: 6, imported: 0, repeated: 4 })
})

test('ids make equal rows of one file one transfer', async () => {
  const mapped = anImport({ mapping: anImport().file('m.yaml', block('yaml')) })
  const [header, first] = block('csv').split('\n')
  const report = await mapped.run(`${header}\n${first}\n${first}\n`, 'mapped-csv')
  expect(report).toMatchObject({ imported: 1, repeated: 1 })
})

test('every format, reason, key, column and unit is on the page', () => {
  const columns = mappingSchema.shape.columns
  const words = [
    ...formatNames,
    ...rowReasons,
    ...Object.keys(mappingSchema.shape),
    ...Object.keys(columns.shape),
    ...Object.keys({ ...timeUnits, ...durationUnits, ...sizeUnits }),
  ]
  expect(words.filter((word) => !page.includes(`\`${word}\``))).toEqual([])
})
