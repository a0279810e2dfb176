import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { dashboardFiles, render } from '../../grafana/dashboards.ts'

const folder = new URL('../../grafana/dashboards/', import.meta.url)
const files = dashboardFiles()

test('every dashboard is checked in, and nothing else is', () => {
  expect(readdirSync(folder).sort()).toEqual([...files.keys()].sort())
})

test.each([...files.keys()])('%s says what the code says (npm run grafana:build writes it)', (name) => {
  expect(readFileSync(new URL(name, folder), 'utf8')).toBe(files.get(name))
})

test('the text of a dashboard does not depend on the order in which it was put together', () => {
  const one = { uid: 'dtms-x', title: 'X', schemaVersion: 1, templating: {}, annotations: { list: [] } }
  const other = { annotations: { list: [] }, templating: {}, schemaVersion: 1, title: 'X', uid: 'dtms-x' }
  expect(render(one)).toBe(render(other))
})
