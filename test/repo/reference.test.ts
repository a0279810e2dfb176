import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { referencePages } from '../../cli/reference-pages.ts'

const pages = await referencePages()

test.each([...pages.keys()])('docs/%s says what the code says (npm run docs writes it)', (name) => {
  const written = readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
  expect(written).toBe(pages.get(name))
})
