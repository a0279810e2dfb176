import { fileURLToPath, pathToFileURL } from 'node:url'

/**
 * Where the compiled file of a worker thread is. In `dist/` it lies beside the caller; when the caller runs from its
 * source (tests), the same path below `dist/` is used, because a worker thread cannot load TypeScript.
 */
export function workerEntry(callerUrl: string, file: string): URL {
  const target = new URL(file, callerUrl)
  if (callerUrl.endsWith('.js')) return new URL(target.href.replace(/\.ts$/, '.js'))
  const root = new URL('..', import.meta.url).href
  const inside = target.href.slice(root.length).replace(/\.ts$/, '.js')
  return pathToFileURL(fileURLToPath(new URL(`dist/${inside}`, root)))
}
