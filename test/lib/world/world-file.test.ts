import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createInlineVolume } from '../../../lib/volume/inline.ts'
import {
  createWorldFile,
  newWorldFile,
  parseWorldFile,
  readWorldFile,
  requireSameWorld,
  type WorldFile,
} from '../../../lib/world/world-file.ts'
import { aFolder, NOON } from '../../support/builders.ts'

const identity = { scenario: 'default', scenarioSha256: 'ab'.repeat(32), seed: 7 }

function aWorldFile(changes: Partial<WorldFile> = {}): WorldFile {
  return { ...newWorldFile(identity, { wallNow: NOON, speed: 1, historyHours: 24 }), ...changes }
}

describe('the birth of a world', () => {
  it.each([
    { speed: 1, historyHours: 24, worldStart: NOON - 86_400, wallStart: NOON - 86_400 },
    { speed: 50, historyHours: 24, worldStart: NOON - 86_400, wallStart: NOON - 1728 },
    { speed: 2, historyHours: 0, worldStart: NOON, wallStart: NOON },
  ])(
    'at speed $speed with $historyHours h of past: both clocks agree at the creation',
    ({ speed, historyHours, worldStart, wallStart }) => {
      const world = newWorldFile(identity, { wallNow: NOON, speed, historyHours })
      expect(world).toMatchObject({ worldStart, wallStart, backfillUntil: NOON })
      expect(world.worldStart + (NOON - world.wallStart) * world.speed).toBe(NOON)
    },
  )

  it('is the same file for all who try at once', async () => {
    const volume = createInlineVolume({ root: aFolder() })
    const files = [1, 2, 3].map((speed) => createWorldFile(volume, aWorldFile({ speed })))
    const [first, ...others] = await Promise.all(files)
    expect(others).toEqual([first, first])
    expect(await readWorldFile(volume)).toEqual(first)
  })
})

describe('reading the world file', () => {
  it('says undefined where no world is', async () => {
    expect(await readWorldFile(createInlineVolume({ root: aFolder() }))).toBeUndefined()
  })

  it('waits for a file in the making and refuses one that stays cut', async () => {
    const root = aFolder()
    const volume = createInlineVolume({ root })
    const text = `${JSON.stringify(aWorldFile())}\n`
    writeFileSync(join(root, 'world.json'), text.slice(0, 40))
    await expect(readWorldFile(volume, 0)).rejects.toMatchObject({ code: 'world.invalid' })
    const reading = readWorldFile(volume)
    writeFileSync(join(root, 'world.json'), text)
    expect(await reading).toEqual(aWorldFile())
  })

  it('keeps fields of a newer minor version', () => {
    expect(parseWorldFile(JSON.stringify({ ...aWorldFile(), mood: 'calm' }))).toHaveProperty('mood', 'calm')
  })

  it.each([
    { what: 'text', text: 'world', message: 'not JSON' },
    { what: 'a newer major version', text: JSON.stringify(aWorldFile({ v: 2 })), message: 'version 2' },
    { what: 'a negative seed', text: JSON.stringify(aWorldFile({ seed: -1 })), message: 'seed' },
    { what: 'a speed beyond the limit', text: JSON.stringify(aWorldFile({ speed: 10_001 })), message: 'speed' },
    {
      what: 'a missing start',
      text: JSON.stringify({ ...aWorldFile(), worldStart: undefined }),
      message: 'worldStart',
    },
  ])('refuses $what', ({ text, message }) => {
    expect(() => parseWorldFile(text)).toThrow(message)
  })
})

describe('a world that is there already', () => {
  it('is obeyed when scenario and seed agree', () => {
    expect(() => requireSameWorld(aWorldFile({ speed: 50 }), identity, './data')).not.toThrow()
  })

  it.each([
    { wanted: { ...identity, seed: 8 }, message: 'seed 7, not 8', dataDir: './data-default-8' },
    { wanted: { ...identity, scenario: 'edge' }, message: 'scenario default, not edge', dataDir: './data-edge-7' },
    {
      wanted: { ...identity, scenarioSha256: 'cd'.repeat(32) },
      message: 'another version of scenario default',
      dataDir: './data-default-7',
    },
  ])('refuses others: $message', ({ wanted, message, dataDir }) => {
    const obey = () => requireSameWorld(aWorldFile(), wanted, './data/')
    expect(obey).toThrow(message)
    expect(obey).toThrow(expect.objectContaining({ code: 'world.mismatch', hint: expect.stringContaining(dataDir) }))
  })
})
