import { resultColours } from './colours.ts'
import { dashboard } from './frame.ts'
import { noneSteps, processingSteps, someSteps, yesWords } from './marks.ts'
import { graph, stat } from './panels.ts'
import { chosen, grownInRange, maxBy, orNone, orZero, quantile, rate, select, sumBy } from './queries.ts'
import { unit } from './units.ts'
import { instanceVariable, serviceVariable, topicVariable } from './variables.ts'

const here = [chosen('service'), chosen('instance')]
const topic = [...here, chosen('topic')]
const layer = ['layer="processing"', ...here]

export const processing = dashboard({
  name: 'processing',
  title: 'DTMS processing',
  description: 'The event stream: publishing, consuming, windows, verdicts, webhook; how fast and how complete.',
  variables: [serviceVariable, instanceVariable, topicVariable],
  sections: [
    {
      title: 'Consuming',
      panels: [
        graph({
          title: 'Events by topic',
          description:
            'Events that were counted in a window or scored. The layer is built for more than 10,000 a second; usual traffic is far below.',
          unit: unit.perSecond,
          width: 8,
          queries: [{ expr: sumBy(['topic'], rate('dtms_stream_events_processed_total', topic)), legend: '{{topic}}' }],
        }),
        graph({
          title: 'Lag by partition',
          description:
            'Messages between the place of the consumer and the end of the partition. Growing for minutes: too few replicas of the stream, a slow volume, or a consumer that is stuck.',
          unit: unit.count,
          width: 8,
          queries: [
            {
              expr: maxBy(['topic', 'partition'], select('dtms_stream_lag_records', topic)),
              legend: '{{topic}} {{partition}}',
            },
          ],
        }),
        graph({
          title: 'Latency until durable',
          description:
            'From publishing until everything that came of an event is durable (end to end), and the part inside the stream service. The bar for p95 is 2 s.',
          unit: unit.seconds,
          width: 8,
          queries: [
            { expr: quantile(0.95, 'dtms_stream_end_to_end_latency_seconds', [], here), legend: 'end to end p95' },
            { expr: quantile(0.5, 'dtms_stream_end_to_end_latency_seconds', [], here), legend: 'end to end median' },
            { expr: quantile(0.95, 'dtms_stream_internal_latency_seconds', [], here), legend: 'inside p95' },
          ],
          steps: [{ from: 2, colour: 'red' }],
          colours: [
            { pattern: '/^end to end p95$/', colour: 'blue' },
            { pattern: '/^end to end median$/', colour: 'light-blue' },
            { pattern: '/^inside/', colour: 'purple' },
          ],
        }),
        stat({
          title: 'Partitions read',
          description:
            'Partitions that some stream process holds. Fewer than the topic has: a process is starting, or one waits for the folder of another.',
          unit: unit.count,
          width: 3,
          queries: [{ expr: sumBy([], select('dtms_stream_partitions', here)), legend: 'partitions' }],
        }),
        stat({
          title: 'Lost records',
          description:
            'Deleted from the topic before they were read, in the range that is shown. Retention of the topic is too short for the outage; each range is in quarantine/.',
          unit: unit.count,
          width: 3,
          decimals: 0,
          queries: [{ expr: orZero(sumBy([], grownInRange('dtms_stream_lost_records_total', topic))), legend: 'lost' }],
          steps: noneSteps,
        }),
        stat({
          title: 'Topics made anew',
          description:
            'Times a partition turned out to belong to another topic of the same name. It was read again from its beginning.',
          unit: unit.count,
          width: 3,
          decimals: 0,
          queries: [
            { expr: orZero(sumBy([], grownInRange('dtms_stream_topics_recreated_total', topic))), legend: 'times' },
          ],
          steps: someSteps,
        }),
        stat({
          title: 'Started over',
          description:
            'Times the partitions were opened anew from their checkpoints after a failure. Nothing is lost; often means a volume or a broker in trouble: read the log of the stream.',
          unit: unit.count,
          width: 3,
          decimals: 0,
          queries: [{ expr: sumBy([], grownInRange('dtms_stream_restarts_total', here)), legend: 'times' }],
          steps: someSteps,
        }),
        graph({
          title: 'Late, dropped and repeated events',
          description:
            'Late ones were still counted; dropped ones came after their window had closed; repeated ones had been handled before (after a restart that is normal). Lines repeated: results that were in the log already.',
          unit: unit.perSecond,
          width: 6,
          queries: [
            { expr: sumBy([], rate('dtms_stream_events_late_total', topic)), legend: 'late' },
            { expr: sumBy([], rate('dtms_stream_events_dropped_total', topic)), legend: 'dropped' },
            { expr: sumBy([], rate('dtms_stream_events_repeated_total', topic)), legend: 'repeated' },
            { expr: sumBy([], rate('dtms_stream_lines_repeated_total', here)), legend: 'lines repeated' },
          ],
          colours: [
            { pattern: '/^late$/', colour: 'yellow' },
            { pattern: '/^dropped$/', colour: 'red' },
            { pattern: '/repeated/', colour: 'light-blue' },
          ],
        }),
        graph({
          title: 'Quarantined by reason',
          description:
            'Messages that could not be used. Each is kept in quarantine/ with its place; a sudden rise means that somebody writes another format to the topic.',
          unit: unit.perSecond,
          width: 6,
          queries: [
            {
              expr: orNone('reason', sumBy(['reason'], rate('dtms_stream_events_quarantined_total', topic))),
              legend: '{{reason}}',
            },
          ],
        }),
        graph({
          title: 'Time per event and per checkpoint',
          description:
            'Parsing, counting and scoring one event, and saving place and state of a partition, both p95. Checkpoints follow the volume: see Storage.',
          unit: unit.seconds,
          width: 12,
          queries: [
            { expr: quantile(0.95, 'dtms_stream_processing_seconds', [], here), legend: 'event' },
            { expr: quantile(0.95, 'dtms_stream_checkpoint_seconds', [], here), legend: 'checkpoint' },
          ],
        }),
        graph({
          title: 'Windows and verdicts written',
          description:
            'Closed windows by kind and anomalies appended to the log. No windows while events come: a recorder has stopped sending, so its newest window stays open.',
          unit: unit.perSecond,
          width: 12,
          queries: [
            { expr: sumBy(['kind'], rate('dtms_stream_windows_written_total', here)), legend: 'windows of a {{kind}}' },
            { expr: sumBy([], rate('dtms_stream_anomalies_detected_total', here)), legend: 'anomalies' },
          ],
          colours: [{ pattern: '/^anomalies$/', colour: 'orange' }],
        }),
      ],
    },
    {
      title: 'Publishing',
      panels: [
        graph({
          title: 'Records published and acknowledged',
          description:
            'Handed to the bus, and taken by it. The first without the second: the broker is away or refuses.',
          unit: unit.perSecond,
          width: 8,
          queries: [
            { expr: sumBy([], rate('dtms_producer_published_records_total', here)), legend: 'published' },
            { expr: sumBy([], rate('dtms_producer_acknowledged_records_total', here)), legend: 'acknowledged' },
            { expr: sumBy([], rate('dtms_producer_batches_total', here)), legend: 'batches' },
          ],
          colours: [
            { pattern: '/^published$/', colour: 'light-blue' },
            { pattern: '/^acknowledged$/', colour: 'green' },
            { pattern: '/^batches$/', colour: 'purple' },
          ],
        }),
        graph({
          title: 'Publishing p95',
          description:
            'From handing a batch to the bus to its acknowledgement. Above a second: the broker is short of CPU or disk.',
          unit: unit.seconds,
          width: 8,
          queries: [{ expr: quantile(0.95, 'dtms_producer_publish_seconds', [], here), legend: 'p95' }],
        }),
        graph({
          title: 'Bytes that wait',
          description:
            'Of the log not read yet, and in memory not acknowledged yet. Both rise while the broker is away and fall afterwards; nothing is lost.',
          unit: unit.bytes,
          width: 8,
          queries: [
            { expr: maxBy([], select('dtms_producer_lag_bytes', here)), legend: 'not read' },
            { expr: maxBy([], select('dtms_producer_outstanding_bytes', here)), legend: 'not acknowledged' },
          ],
        }),
        stat({
          title: 'Bus reachable',
          description:
            'Whether the producer reaches the broker. If not: the pod dtms-kafka, then the addresses and credentials.',
          unit: unit.word,
          width: 4,
          queries: [{ expr: `min(${select('dtms_producer_connected', here)})`, legend: 'reachable' }],
          steps: [{ from: 1, colour: 'green' }],
          base: 'red',
          mappings: yesWords,
        }),
        stat({
          title: 'Unacknowledged',
          description: 'Records that were read and are not acknowledged yet. Bounded by the producer itself.',
          unit: unit.count,
          width: 4,
          queries: [{ expr: sumBy([], select('dtms_producer_outstanding_records', here)), legend: 'records' }],
        }),
        stat({
          title: 'Never taken',
          description: 'Records that the bus will never take, such as too large ones; kept in quarantine/producer/.',
          unit: unit.count,
          width: 4,
          decimals: 0,
          queries: [
            {
              expr: orZero(sumBy([], grownInRange('dtms_producer_quarantined_records_total', here))),
              legend: 'records',
            },
          ],
          steps: someSteps,
        }),
        stat({
          title: 'Topic differs',
          description:
            'Properties in which the topic that is there differs from the settings. The log of the producer has the command that mends it.',
          unit: unit.count,
          width: 4,
          queries: [{ expr: orZero(sumBy([], select('dtms_producer_topic_differences', here))), legend: 'properties' }],
          steps: someSteps,
        }),
        stat({
          title: 'Published anew',
          description:
            'Times the whole log was published again because the topic had been made anew. Readers drop the repeats.',
          unit: unit.count,
          width: 4,
          decimals: 0,
          queries: [{ expr: sumBy([], grownInRange('dtms_producer_republished_total', here)), legend: 'times' }],
          steps: someSteps,
        }),
        stat({
          title: 'Places saved',
          description:
            'Checkpoints of the producer in the range that is shown. None while records come: the volume does not take them.',
          unit: unit.count,
          width: 4,
          decimals: 0,
          queries: [{ expr: sumBy([], grownInRange('dtms_producer_checkpoints_total', here)), legend: 'saved' }],
        }),
        graph({
          title: 'Producer failures by reason',
          description:
            'Failures that are tried again. bus: unreachable; refused: rights or credentials; volume: the log cannot be read or the place not saved.',
          unit: unit.perSecond,
          width: 12,
          queries: [
            {
              expr: orNone('reason', sumBy(['reason'], rate('dtms_producer_errors_total', here))),
              legend: '{{reason}}',
            },
          ],
        }),
        graph({
          title: 'Bytes acknowledged',
          description: 'Values of acknowledged records before compression.',
          unit: unit.bytesPerSecond,
          width: 12,
          queries: [{ expr: sumBy([], rate('dtms_producer_acknowledged_bytes_total', here)), legend: 'acknowledged' }],
        }),
      ],
    },
    {
      title: 'Calls and rules',
      panels: [
        graph({
          title: 'Webhook',
          description:
            'Calls that are over (delivered, or dead: given up and kept as dead letters) and failed attempts. Nothing here when no webhook is set.',
          unit: unit.perSecond,
          width: 8,
          queries: [
            {
              expr: orNone('result', sumBy(['result'], rate('dtms_stream_webhook_calls_total', here))),
              legend: '{{result}}',
            },
            { expr: sumBy([], rate('dtms_stream_webhook_errors_total', here)), legend: 'failed attempts' },
          ],
          colours: [
            { pattern: '/^delivered$/', colour: 'green' },
            { pattern: '/^dead$/', colour: 'red' },
            { pattern: '/^failed attempts$/', colour: 'orange' },
          ],
        }),
        graph({
          title: 'Webhook calls that wait',
          description:
            'Calls in the queue or under way. A full queue means that the receiver is slow or away; further calls become dead letters.',
          unit: unit.count,
          width: 8,
          queries: [{ expr: sumBy([], select('dtms_stream_webhook_pending_calls', here)), legend: 'waiting' }],
        }),
        graph({
          title: 'Sent elsewhere by rules',
          description:
            'Records that a rule sent to a topic, the webhook or the decision log. refused: the topic did not take it.',
          unit: unit.perSecond,
          width: 8,
          queries: [
            {
              expr: orNone('kind', sumBy(['kind', 'result'], rate('dtms_stream_routed_total', here))),
              legend: '{{kind}} {{result}}',
            },
          ],
          colours: [{ pattern: '/refused/', colour: 'red' }],
        }),
      ],
    },
    {
      title: 'The layer as a whole',
      panels: [
        graph({
          title: 'Messages of the layer',
          description: 'What producer and stream received, published, processed, and failed at.',
          unit: unit.perSecond,
          width: 12,
          queries: [{ expr: sumBy(['result'], rate('dtms_layer_messages_total', layer)), legend: '{{result}}' }],
          colours: resultColours,
        }),
        graph({
          title: 'Stages p95',
          description: 'Time that 95 % of the calls of a stage of this layer stay below. The bar for the whole is 2 s.',
          unit: unit.seconds,
          width: 12,
          queries: [{ expr: quantile(0.95, 'dtms_layer_stage_seconds', ['stage'], layer), legend: '{{stage}}' }],
          steps: processingSteps,
        }),
      ],
    },
  ],
})
