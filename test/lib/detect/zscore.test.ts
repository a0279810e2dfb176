import { describe, expect, test } from 'vitest'
import { createZScore, restoreZScore, type SavedZScore, type ZScoreOptions } from '../../../lib/detect/zscore.ts'
import { createRandom } from '../../../lib/random.ts'
import { detectorContract } from '../../contracts/detector.contract.ts'

const classic: ZScoreOptions = { window: 100, threshold: 3, refractory: 0, channels: ['level'] }
const full: ZScoreOptions = { window: 60, threshold: 4, refractory: 20 }

function noise(count: number, center = 0, seed = 1): number[] {
  const random = createRandom(seed, 'zscore')
  return Array.from({ length: count }, () => center + random.normal())
}

const strange = [...noise(150), 40, ...noise(100, 3, 2), ...Array.from({ length: 80 }, () => 3), 1e9, ...noise(50)]

for (const robust of [false, true])
  detectorContract(robust ? 'robust z-score' : 'z-score', {
    create: () => createZScore({ ...full, robust }),
    restore: (saved) => restoreZScore({ ...full, robust }, saved as SavedZScore),
    observations: strange,
  })

describe('a z-score', () => {
  test('is not bounded by its own window: the value is compared with those before it', () => {
    const detector = createZScore({ ...classic, window: 10, minimum: 10 })
    for (const value of [1, 2, 1, 2, 1, 2, 1, 2, 1, 2]) detector.observe(value)
    // Inside its own window of ten, |z| could not exceed 9 / sqrt(10).
    expect(detector.observe(101.5)?.z).toBeCloseTo(200, 9)
  })
})
