import { describe, expect, test } from 'vitest'
import { docsHtml, documents, pageHtml, redocHtml } from '../../api/documents.ts'

describe('the pages', () => {
  test.each([
    ['overview', pageHtml],
    ['Swagger UI', docsHtml],
    ['Redoc', redocHtml],
  ])('%s runs nothing inline and asks this server only, for files that exist', async (_name, read) => {
    const html = await read()
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|https?:/)
    const names = [...html.matchAll(/\/assets\/([\w.-]+)/g)].map(([, name]) => name ?? '')
    expect(names.length).toBeGreaterThan(2)
    for (const name of names) expect(documents.has(name)).toBe(true)
  })

  test('every file can be read, and the scripts of the overview import files that are served', async () => {
    for (const [name, { read }] of documents) {
      const text = (await read()).toString()
      expect([name, text.length > 50]).toEqual([name, true])
      for (const [, imported = ''] of text.slice(0, 2000).matchAll(/from '\.\/([\w.-]+)'/g)) {
        expect(documents.has(imported)).toBe(true)
      }
    }
  })

  test('Redoc names no foreign logo', async () => {
    const text = (await documents.get('redoc.standalone.js')?.read())?.toString() ?? ''
    expect(text).not.toContain('cdn.redoc.ly')
  })
})
