import { afterAll, describe, expect, test } from 'vitest'
import { transferCodec } from '../../lib/record/codec.ts'
import { anomaliesCodec, correlationsCodec } from '../../lib/streams/codecs.ts'
import { createInlineVolume } from '../../lib/volume/inline.ts'
import { faultCatalogue } from '../../simulator/faults/catalogue.ts'
import { aNotification, aPostedAlert } from '../support/alerts.ts'
import {
  aHistory,
  anAnomaly,
  aSharedClock,
  aWriter,
  startApi,
  type TestApi,
  writeAnomalies,
  writeTransfers,
} from '../support/api.ts'
import { aPage, chromiumPath, closeBrowser, noBrowser } from '../support/browser.ts'
import { aFolder, aTransfer, eventually, NOON } from '../support/builders.ts'
import { aCorrelationRun } from '../support/correlations.ts'
import { TEST_KEY } from '../support/http.ts'

if (chromiumPath === undefined) process.stdout.write(`skipped: ${noBrowser}\n`)

async function anApi(): Promise<TestApi> {
  const volume = createInlineVolume({ root: aFolder() })
  await writeTransfers(volume, aHistory(60))
  await writeAnomalies(volume, [anAnomaly()])
  const correlations = await aWriter(volume, 'correlations', 'batch', correlationsCodec)
  await correlations.append(aCorrelationRun(0))
  return startApi({ volume })
}

if (chromiumPath === undefined && process.env.DTMS_REQUIRE_PARTS === '1') {
  throw new Error('Chromium is missing, and DTMS_REQUIRE_PARTS says that it must be here: apt-get install chromium')
}

describe.skipIf(chromiumPath === undefined)('the overview page', () => {
  afterAll(closeBrowser)

  test('shows sites, links, anomalies with their reasons and correlations, and complains about nothing', async () => {
    const { url } = await anApi()
    const { page, complaints } = await aPage(url)
    await page.locator('#sites h3').nth(2).waitFor()
    expect(await page.locator('#sites h3').allTextContents()).toEqual(['SITE_A', 'SITE_B', 'SITE_C'])
    expect(await page.locator('#sites .badge').first().textContent()).toBe('fresh')
    await page.locator('#links tbody tr').nth(2).waitFor()
    expect(await page.locator('#links thead th').allTextContents()).toEqual([
      'from ↓ to →',
      'SITE_A',
      'SITE_B',
      'SITE_C',
    ])
    expect(await page.locator('#links tbody').textContent()).toContain('100 MB/s')
    await page.getByText('rate 3.1 MB/s, usually 19-24').waitFor()
    await page.getByText('r = -0.40').waitFor()
    await page.getByText('Everything is ready.').waitFor()
    expect(await page.locator('#world-time').textContent()).toContain('2023-10-01 12:00')
    expect(await page.locator('#live').textContent()).toBe('live')
    expect(complaints).toEqual([])
  })

  test('has a button for each fault; the one for a brownout starts it with the key from the address', async () => {
    const api = await anApi()
    const { page, complaints } = await aPage(`${api.url}/#key=${TEST_KEY}`)
    await page
      .locator('#kinds li')
      .nth(faultCatalogue.length - 1)
      .waitFor()
    expect(await page.locator('#kinds h3').allTextContents()).toEqual(faultCatalogue.map(({ title }) => title))
    expect(page.url()).toBe(`${api.url}/`)
    await page.getByLabel('Where: Link brownout').selectOption('SITE_B → SITE_C')
    await page.getByRole('button', { name: 'Start Link brownout' }).click()
    await page.getByText('link-brownout on SITE_B → SITE_C').waitFor()
    const scope = { source: 'SITE_B', destination: 'SITE_C' }
    expect((await api.get('/v1/faults')).json).toMatchObject({
      items: [{ kind: 'link-brownout', scope, severity: 0.8 }],
    })
    await page.getByRole('button', { name: 'Cancel link-brownout' }).click()
    await eventually(async () => (await api.get('/v1/faults?state=cancelled')).text.includes('f-1'))
    await page.locator('#open-faults li').waitFor({ state: 'detached' })
    expect(complaints).toEqual([])
  })

  test('asks for the key, and says so when it is wrong', async () => {
    const { url, get } = await anApi()
    const { page } = await aPage(url)
    await page.getByRole('button', { name: 'Start Silent site' }).click()
    await page.getByRole('alert').getByText('Enter the key').waitFor()
    await page.getByLabel('Key for changes').fill('wrong')
    await page.getByRole('button', { name: 'Start Silent site' }).click()
    await page.getByRole('alert').getByText('missing or wrong').waitFor()
    expect((await get('/v1/faults')).json).toMatchObject({ items: [] })
    await page.getByLabel('Key for changes').fill(TEST_KEY)
    await page.getByRole('button', { name: 'Start Silent site' }).click()
    await page.getByText('silent-site on SITE_A').waitFor()
    expect(await page.getByRole('alert').isVisible()).toBe(false)
  })

  test('shows what happens without being loaded again', async () => {
    const { url, volume } = await anApi()
    const { page, complaints } = await aPage(url)
    await page.getByText('live', { exact: true }).waitFor()
    const anomalies = await aWriter(volume, 'anomalies', 'forest', anomaliesCodec)
    await anomalies.append(anAnomaly({ at: NOON + 1, transferId: 'SITE_A-99', why: 'something never seen before' }))
    await page.getByText('something never seen before').waitFor()
    const transfers = await aWriter(volume, 'transfers', 'SITE_A', transferCodec)
    await transfers.append(aTransfer({ endedAt: NOON + 1 }))
    await page.locator('#sites li[data-site=SITE_A]').getByText('121', { exact: true }).waitFor()
    expect(complaints).toEqual([])
  })

  test('shows what fires, and that it is over, as Alertmanager tells it', async () => {
    const api = await anApi()
    const { page, complaints } = await aPage(api.url)
    await page.locator('#alerts').getByText('No alert fires.').waitFor()
    await page.getByText('live', { exact: true }).waitFor()
    const markup = { annotations: { summary: 'SITE_B is <b>silent</b>' } }
    await api.change('POST', '/v1/alerts', aNotification([aPostedAlert(markup)]))
    await page.getByText('SITE_B is <b>silent</b>').waitFor()
    expect(await page.locator('#alerts li').allTextContents()).toEqual([
      'criticalSITE_B is <b>silent</b>SiteSilent · freshness · SITE_Bsince 12:00:00',
    ])
    const end = { ...markup, status: 'resolved', endsAt: '2023-10-01T12:10:00Z' }
    await api.change('POST', '/v1/alerts', aNotification([aPostedAlert(end)]))
    await page.locator('#alerts').getByText('over at 12:00:00').waitFor()
    expect(await page.locator('#alerts li').first().textContent()).toBe('No alert fires.')
    expect(complaints).toEqual([])
  })

  test('on an imported log offers no faults', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    await writeTransfers(volume, aHistory(5))
    const clock = aSharedClock({ mode: 'data', world: undefined, speed: 0 })
    const { url } = await startApi({ volume, clock })
    const { page, complaints } = await aPage(url)
    await page.getByText('No simulated world runs on this data').waitFor()
    expect(await page.locator('#world-speed').textContent()).toBe('stands still')
    expect(await page.getByRole('button').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  test.each([
    ['light', 1280],
    ['dark', 400],
  ] as const)('fits a %s window %d pixels wide', async (colorScheme, width) => {
    const { url } = await anApi()
    const { page } = await aPage(url, { colorScheme, viewport: { width, height: 800 } })
    await page.locator('#kinds li').first().waitFor()
    const measured = 'document.documentElement.scrollWidth + getComputedStyle(document.body).backgroundColor'
    const background = colorScheme === 'dark' ? 'rgb(15, 21, 34)' : 'rgb(244, 246, 250)'
    expect(await page.evaluate(measured)).toBe(`${width}${background}`)
  })
})

describe.skipIf(chromiumPath === undefined)('the documentation', () => {
  afterAll(closeBrowser)

  test.each(['/docs', '/redoc'])('%s renders every resource offline', async (path) => {
    const { url } = await startApi()
    const { page, complaints } = await aPage(url + path)
    await page.getByText('/v1/transfers').first().waitFor()
    await page.getByText('/v1/faults').first().waitFor()
    expect(complaints).toEqual([])
  })
})
