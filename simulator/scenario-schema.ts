import { z } from 'zod'
import { errorClasses, errorScopes } from '../lib/record/record.ts'
import { scopeSchema, siteSchema } from '../lib/streams/envelope.ts'
import { isFailureCause } from './failures.ts'

/**
 * What a scenario file may say, with what holds when it says nothing: the default world of docs/simulator.md.
 * Every number has a bound, so that no file can make a world that does not fit into memory or time.
 */

const MAX_SITES = 32
export const MAX_LINKS = 256

const text = z.string().min(1).max(1024)
const seconds = (max: number, min = 0) => z.number().min(min).max(max)

const arrivalsSchema = z.strictObject({
  /** Mean number of requests in a minute that has any. */
  meanPerActiveMinute: z.number().min(1).max(1000).default(4.6),
  maxPerMinute: z.number().int().min(1).max(1000).default(29),
  /** Share of the minutes that have any. */
  activeShare: z.number().gt(0).max(1).default(0.94),
  longestQuietMinutes: z.number().int().min(0).max(100_000).default(3),
  /** Long gaps on top, exponential in distance and length. */
  gaps: z
    .strictObject({
      meanHoursBetween: z.number().min(0.1).max(100_000),
      meanHours: z.number().min(0.01).max(1000),
      maxHours: z.number().min(0.01).max(1000),
    })
    .optional(),
})

const streamSchema = z.strictObject({
  /** Speed of one transfer that has the link to itself: log-normal with this median and spread, never above the maximum. */
  medianMBps: z.number().min(0.001).max(100_000).default(147),
  spread: z.number().min(0).max(3).default(0.53),
  maxMBps: z.number().min(0.001).max(100_000).default(630),
})

const linkFields = {
  capacityMBps: z.number().min(0.001).max(1_000_000).default(1800),
  parallel: z.number().int().min(1).max(256).default(36),
  setupFactor: z.number().min(0.01).max(100).default(1),
  rttSeconds: seconds(10, 0.0001).default(0.03),
  /** Share of the packets that are sent again when nothing is wrong. */
  lossShare: z.number().min(0).max(0.5).default(0.00002),
  protocol: z
    .string()
    .regex(/^[a-z][a-z0-9+.-]{0,15}$/, 'must be 1 to 16 characters of a-z, 0-9, +, . and -, starting with a letter')
    .default('davs'),
}

export const linkDefaultsSchema = z.strictObject({
  ...linkFields,
  arrivals: arrivalsSchema.prefault({}),
  stream: streamSchema.prefault({}),
})
export type LinkDefaults = z.output<typeof linkDefaultsSchema>

/** What one link says about itself overrides the defaults field by field, so here nothing has a default. */
export const linkSchema = z.strictObject({
  source: siteSchema,
  destination: siteSchema,
  capacityMBps: linkFields.capacityMBps.unwrap().optional(),
  parallel: linkFields.parallel.unwrap().optional(),
  setupFactor: linkFields.setupFactor.unwrap().optional(),
  rttSeconds: linkFields.rttSeconds.unwrap().optional(),
  lossShare: linkFields.lossShare.unwrap().optional(),
  protocol: linkFields.protocol.unwrap().optional(),
  arrivals: z
    .strictObject({
      meanPerActiveMinute: arrivalsSchema.shape.meanPerActiveMinute.unwrap().optional(),
      maxPerMinute: arrivalsSchema.shape.maxPerMinute.unwrap().optional(),
      activeShare: arrivalsSchema.shape.activeShare.unwrap().optional(),
      longestQuietMinutes: arrivalsSchema.shape.longestQuietMinutes.unwrap().optional(),
      gaps: arrivalsSchema.shape.gaps,
    })
    .optional(),
  stream: z
    .strictObject({
      medianMBps: streamSchema.shape.medianMBps.unwrap().optional(),
      spread: streamSchema.shape.spread.unwrap().optional(),
      maxMBps: streamSchema.shape.maxMBps.unwrap().optional(),
    })
    .optional(),
})

const quantilesSchema = z
  .array(z.tuple([z.number().min(0).max(1), z.number().positive().max(1e9)]))
  .min(2)
  .max(32)
  .superRefine((points, context) => {
    if (points[0]?.[0] !== 0 || points.at(-1)?.[0] !== 1)
      context.addIssue('must begin at probability 0 and end at probability 1')
    points.forEach((point, index) => {
      const last = points[index - 1]
      if (last !== undefined && (point[0] <= last[0] || point[1] < last[1]))
        context.addIssue({ code: 'custom', message: 'must ascend in probability and size', path: [index] })
    })
  })

const fileSchema = z.strictObject({
  /** Becomes the record's activity. */
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/, 'must be 1 to 32 characters of a-z, 0-9, _ and -'),
  share: z.number().positive().max(1),
  /** Pairs of probability and size in MB, log-linear between them. */
  sizeQuantilesMB: quantilesSchema,
  /** Time of a transfer that moves no bytes: log-normal. */
  setup: z.strictObject({ medianSeconds: seconds(3600, 0.001), spread: z.number().min(0).max(3) }),
})

const causeSchema = z
  .strictObject({
    scope: z.enum(errorScopes),
    class: z.enum([...new Set(Object.values(errorClasses).flat())]),
    weight: z.number().positive().max(1e6),
    note: text.optional(),
  })
  .refine(isFailureCause, { error: 'this scope has no such class', path: ['class'] })

/** Instants of a scenario count from the beginning of its world. */
const startsAfterSeconds = seconds(400 * 86_400)
const plannedFaultSchema = z.strictObject({
  kind: z.string(),
  scope: scopeSchema,
  severity: z.number().gt(0).max(1).default(0.8),
  startsAfterSeconds,
  durationSeconds: seconds(86_400, 60),
})
const plannedMaintenanceSchema = z.strictObject({
  scope: scopeSchema,
  startsAfterSeconds: startsAfterSeconds.min(60, 'must leave 60 seconds for the announcement'),
  durationSeconds: seconds(86_400, 60),
  announcedSecondsAhead: seconds(30 * 86_400, 60).default(600),
  note: text.optional(),
})
export type PlannedFault = z.output<typeof plannedFaultSchema>
export type PlannedMaintenance = z.output<typeof plannedMaintenanceSchema>

const weights = (count: number) => z.array(z.number().positive().max(1000)).length(count, `must be ${count} numbers`)

const defaultFiles: z.input<typeof fileSchema>[] = [
  {
    name: 'raw',
    share: 0.55,
    sizeQuantilesMB: [
      [0, 0.002],
      [0.1, 32],
      [0.25, 270],
      [0.5, 7000],
      [0.75, 25_000],
      [0.95, 71_000],
      [0.99, 107_000],
      [1, 110_000],
    ],
    setup: { medianSeconds: 4.7, spread: 0.6 },
  },
  {
    name: 'small',
    share: 0.45,
    sizeQuantilesMB: [
      [0, 0.002],
      [0.05, 0.13],
      [0.25, 0.45],
      [0.5, 28],
      [0.95, 347],
      [1, 2000],
    ],
    setup: { medianSeconds: 14, spread: 0.6 },
  },
]

const defaultMix: z.input<typeof causeSchema>[] = [
  { scope: 'destination', class: 'no_space', weight: 43.4, note: 'destination full' },
  { scope: 'scheduler', class: 'expired', weight: 18.6, note: 'expired in the queue' },
  { scope: 'destination', class: 'unavailable', weight: 11.2, note: 'destination dropped, refused or timed out' },
  { scope: 'transfer', class: 'interrupted', weight: 8.9, note: 'generic transfer failure' },
  { scope: 'destination', class: 'permission', weight: 7.3, note: 'permission at the destination' },
  { scope: 'source', class: 'unavailable', weight: 7.2, note: 'source dropped' },
  { scope: 'source', class: 'permission', weight: 1.6, note: 'permission at the source' },
  { scope: 'transfer', class: 'interrupted', weight: 1.1, note: 'other' },
  { scope: 'transfer', class: 'protocol', weight: 0.8, note: 'permission of a third party' },
]

export const scenarioSchema = z.strictObject(
  {
    name: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'must be 1 to 64 characters of a-z, 0-9 and -'),
    description: text.optional(),
    sites: z.array(siteSchema).min(2).max(MAX_SITES),
    /** What every link is like unless it says otherwise. */
    link: linkDefaultsSchema.prefault({}),
    /** Ordered pairs; `all` joins every site to every other. */
    links: z
      .union([z.literal('all'), z.array(linkSchema).min(1).max(MAX_LINKS)], {
        error: 'must be all, or a list of links',
      })
      .default('all'),
    /** How much the links differ: spread of a log-normal factor on stream speed and round-trip time, drawn from the seed. */
    linkVariety: z.number().min(0).max(1).default(0.08),
    files: z.array(fileSchema).min(1).max(16).prefault(defaultFiles),
    rhythm: z
      .strictObject({
        hours: weights(24).default([
          0.88, 0.86, 0.85, 0.85, 0.86, 0.88, 0.92, 0.97, 1.02, 1.07, 1.1, 1.12, 1.12, 1.13, 1.14, 1.13, 1.11, 1.08,
          1.05, 1.02, 0.99, 0.96, 0.93, 0.9,
        ]),
        weekdays: weights(7).default([1.03, 1.04, 1.04, 1.04, 1.02, 0.92, 0.91]),
      })
      .prefault({}),
    failures: z
      .strictObject({
        /** Share of the attempts that fail when nothing special is wrong. */
        share: z.number().min(0).max(1).default(0.03),
        mix: z.array(causeSchema).min(1).max(64).prefault(defaultMix),
      })
      .prefault({}),
    retries: z
      .strictObject({
        attempts: z.number().int().min(1).max(10).default(3),
        delaySeconds: seconds(86_400, 1).default(60),
      })
      .prefault({}),
    queue: z.strictObject({ expireSeconds: seconds(86_400, 1).default(900) }).prefault({}),
    timeout: z
      .strictObject({ seconds: seconds(86_400, 1).default(600), secondsPerMiB: z.number().min(0).max(1000).default(2) })
      .prefault({}),
    faults: z.array(plannedFaultSchema).max(100).default([]),
    maintenance: z.array(plannedMaintenanceSchema).max(100).default([]),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? 'must be a map with at least name and sites' : undefined) },
)
export type ScenarioFile = z.output<typeof scenarioSchema>
