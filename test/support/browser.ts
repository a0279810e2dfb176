import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The browser of this machine; DTMS_CHROMIUM names another one. Undefined when there is none. */
export const chromiumPath: string | undefined = [process.env.DTMS_CHROMIUM ?? '', ...candidates].find(
  (path) => path !== '' && existsSync(path),
)

export const noBrowser = 'no Chromium here: install the package chromium, or name one with DTMS_CHROMIUM'

export interface WatchedPage {
  page: Page
  /** Console errors and warnings, exceptions, answers of 400 and more, and requests to other servers. */
  complaints: string[]
}

let browser: Promise<Browser> | undefined

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close()
  browser = undefined
}

/** A page in a window of its own, closed when the test ends. */
export async function aPage(url: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  browser ??= chromium.launch({ executablePath: chromiumPath ?? '' })
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 900 }, ...options })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const complaints: string[] = []
  const origin = new URL(url).origin
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`))
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`)
  })
  page.on('request', (request) => {
    const own = [origin, 'data:', 'blob:'].some((prefix) => request.url().startsWith(prefix))
    if (!own) complaints.push(`foreign: ${request.url()}`)
  })
  await page.goto(url)
  return { page, complaints }
}
