import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The few files that are served as they are. The page lies beside this file in the sources and in a build; the two
 * renderers of the API's documentation lie in dist/assets, and where there is no build in their packages.
 */
const pageFolder = fileURLToPath(new URL('./page/', import.meta.url))
const builtAssets = fileURLToPath(new URL('../assets/', import.meta.url))

interface Document {
  type: 'css' | 'js' | 'svg'
  read(): Promise<Buffer | string>
}

/** By the name under /assets/: nothing else can be asked for. */
export const documents: ReadonlyMap<string, Document> = new Map<string, Document>([
  ['page.css', { type: 'css', read: () => readFile(join(pageFolder, 'page.css')) }],
  ['page.js', { type: 'js', read: () => readFile(join(pageFolder, 'page.js')) }],
  ['client.js', { type: 'js', read: () => readFile(join(pageFolder, 'client.js')) }],
  ['format.js', { type: 'js', read: () => readFile(join(pageFolder, 'format.js')) }],
  ['view.js', { type: 'js', read: () => readFile(join(pageFolder, 'view.js')) }],
  ['icon.svg', { type: 'svg', read: () => readFile(join(pageFolder, 'icon.svg')) }],
  ['docs.js', { type: 'js', read: () => readFile(join(pageFolder, 'docs.js')) }],
  ['redoc.js', { type: 'js', read: () => readFile(join(pageFolder, 'redoc.js')) }],
  ['docs.css', { type: 'css', read: () => readFile(join(pageFolder, 'docs.css')) }],
  ['swagger-ui.css', { type: 'css', read: () => readFile(assetPath('swagger-ui-dist', 'swagger-ui.css')) }],
  ['swagger-ui-bundle.js', { type: 'js', read: () => readFile(assetPath('swagger-ui-dist', 'swagger-ui-bundle.js')) }],
  ['redoc.standalone.js', { type: 'js', read: readRedoc }],
])

export function pageHtml(): Promise<string> {
  return readFile(join(pageFolder, 'index.html'), 'utf8')
}

export function docsHtml(): Promise<string> {
  return readFile(join(pageFolder, 'docs.html'), 'utf8')
}

export function redocHtml(): Promise<string> {
  return readFile(join(pageFolder, 'redoc.html'), 'utf8')
}

/** Redoc shows its maker's logo from a foreign server: nothing here may ask one. */
async function readRedoc(): Promise<string> {
  const text = await readFile(assetPath('redoc', 'bundles/redoc.standalone.js'), 'utf8')
  return text.replaceAll('https://cdn.redoc.ly/redoc/logo-mini.svg', 'data:,')
}

function assetPath(name: string, file: string): string {
  const built = join(builtAssets, file.split('/').at(-1) ?? file)
  if (existsSync(built)) return built
  return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), file)
}
