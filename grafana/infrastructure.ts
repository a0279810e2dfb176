import { serviceColours } from './colours.ts'
import { dashboard } from './frame.ts'
import { limitSteps, noneSteps, someSteps } from './marks.ts'
import { bars, graph, stat, table } from './panels.ts'
import { chosen, grownInRange, maxBy, orZero, quantile, rate, select, share, sumBy } from './queries.ts'
import { unit } from './units.ts'
import { instanceVariable, serviceVariable } from './variables.ts'

const here = [chosen('service'), chosen('instance')]
const memory = select('dtms_limit_memory_bytes', here)

export const infrastructure = dashboard({
  name: 'infrastructure',
  title: 'DTMS infrastructure',
  description:
    'CPU, memory, event loop and restarts of every process against its limits, read by each process from its own cgroup; no cluster rights needed.',
  variables: [serviceVariable, instanceVariable],
  sections: [
    {
      title: 'Against the limits',
      panels: [
        bars({
          title: 'Memory of the limit, now',
          description:
            'Working set over the limit of the container. The bar is 85 %; at 100 % the kernel ends the process.',
          unit: unit.ratio,
          width: 8,
          min: 0,
          max: 1,
          queries: [
            {
              expr: maxBy(['service'], `${select('dtms_limit_memory_used_bytes', here)} / ${memory}`),
              legend: '{{service}}',
            },
          ],
          steps: limitSteps,
          noValue: 'no limit',
        }),
        bars({
          title: 'Memory of the limit, peak',
          description:
            'The highest that was charged since the container started, caches included. Near 100 % without kills is cache that the kernel gives back.',
          unit: unit.ratio,
          width: 8,
          min: 0,
          max: 1,
          queries: [
            {
              expr: maxBy(['service'], `${select('dtms_limit_memory_peak_bytes', here)} / ${memory}`),
              legend: '{{service}}',
            },
          ],
          steps: limitSteps,
          noValue: 'no limit',
        }),
        bars({
          title: 'CPU of the limit, now',
          description:
            'CPU used over the limit of the container. Work comes in bursts; above 85 % for minutes it is throttled: see below.',
          unit: unit.ratio,
          width: 8,
          min: 0,
          max: 1,
          queries: [
            {
              expr: maxBy(
                ['service'],
                `${rate('dtms_limit_cpu_used_seconds_total', here)} / ${select('dtms_limit_cpu_cores', here)}`,
              ),
              legend: '{{service}}',
            },
          ],
          steps: limitSteps,
          noValue: 'no limit',
        }),
        stat({
          title: 'Restarts',
          description:
            'Changes of the start time in the range that is shown. After an update each service has one. Otherwise read the previous log of the pod and the kills beside.',
          unit: unit.count,
          width: 6,
          decimals: 0,
          queries: [
            { expr: `sum(changes(${select('process_start_time_seconds', here)}[$__range]))`, legend: 'restarts' },
          ],
          steps: someSteps,
        }),
        stat({
          title: 'Killed for memory',
          description:
            'Processes of the container that the kernel ended at the memory limit since it started. Raise the limit or find what grew.',
          unit: unit.count,
          width: 6,
          queries: [{ expr: orZero(sumBy([], select('dtms_limit_oom_kills_total', here))), legend: 'kills' }],
          steps: noneSteps,
        }),
        stat({
          title: 'Throttled share',
          description:
            'Share of the periods in which the CPU limit stopped the process, the worst one. Start-up is always throttled; steady above a quarter makes probes late.',
          unit: unit.ratio,
          width: 6,
          decimals: 0,
          queries: [
            {
              expr: `max(${rate('dtms_limit_cpu_throttled_periods_total', here)} / (${rate('dtms_limit_cpu_periods_total', here)} > 0))`,
              legend: 'throttled',
            },
          ],
          steps: [
            { from: 0.1, colour: 'yellow' },
            { from: 0.25, colour: 'orange' },
          ],
          noValue: 'no limit',
        }),
        stat({
          title: 'Event loop delay',
          description:
            'The longest that any process did not look at its sockets since the last scrape. Above a second probes fail.',
          unit: unit.seconds,
          width: 6,
          queries: [{ expr: maxBy([], select('dtms_event_loop_delay_seconds', here)), legend: 'delay' }],
          steps: [
            { from: 0.25, colour: 'yellow' },
            { from: 1, colour: 'red' },
          ],
        }),
      ],
    },
    {
      title: 'Over time',
      panels: [
        graph({
          title: 'Memory by service',
          description: 'Working set of the container. A line that only rises is a leak.',
          unit: unit.bytes,
          width: 8,
          queries: [
            {
              expr: maxBy(['service', 'instance'], select('dtms_limit_memory_used_bytes', here)),
              legend: '{{service}}',
            },
          ],
          colours: serviceColours,
          noValue: 'no limit',
        }),
        graph({
          title: 'Resident memory',
          description:
            'Resident memory of each process. The heap inside it is held down by a ceiling of its own, so that Node collects before the kernel kills.',
          unit: unit.bytes,
          width: 8,
          queries: [
            {
              expr: maxBy(['service', 'instance'], select('process_resident_memory_bytes', here)),
              legend: '{{service}}',
            },
          ],
          colours: serviceColours,
        }),
        graph({
          title: 'JavaScript heap',
          description: 'Heap in use. Saw teeth are normal; teeth whose feet rise are a leak.',
          unit: unit.bytes,
          width: 8,
          queries: [
            { expr: maxBy(['service', 'instance'], select('dtms_heap_used_bytes', here)), legend: '{{service}}' },
          ],
          colours: serviceColours,
        }),
        graph({
          title: 'CPU by service',
          description:
            'Cores in use, as the process itself counts them. Compare with the request of the pod: a steady use above it is borrowed.',
          unit: unit.cores,
          width: 8,
          decimals: 2,
          queries: [{ expr: sumBy(['service'], rate('process_cpu_seconds_total', here)), legend: '{{service}}' }],
          colours: serviceColours,
        }),
        graph({
          title: 'Time lost to throttling',
          description: 'Seconds per second that a container was stopped by its CPU limit. Readiness suffers first.',
          unit: unit.seconds,
          width: 8,
          queries: [
            { expr: sumBy(['service'], rate('dtms_limit_cpu_throttled_seconds_total', here)), legend: '{{service}}' },
          ],
          colours: serviceColours,
          noValue: 'no limit',
        }),
        graph({
          title: 'Event loop delay by service',
          description:
            'Longest delay since the scrape before. Peaks of some 100 ms come with fits, big pages and throttling.',
          unit: unit.seconds,
          width: 8,
          queries: [{ expr: maxBy(['service'], select('dtms_event_loop_delay_seconds', here)), legend: '{{service}}' }],
          colours: serviceColours,
          steps: [{ from: 1, colour: 'red' }],
        }),
        graph({
          title: 'Starts',
          description: 'Restarts of each service between two points of this graph.',
          unit: unit.count,
          width: 12,
          bars: true,
          decimals: 0,
          queries: [
            {
              expr: sumBy(['service'], `changes(${select('process_start_time_seconds', here)}[$__rate_interval])`),
              legend: '{{service}}',
            },
          ],
          colours: serviceColours,
        }),
        table({
          title: 'Processes',
          description:
            'Release and start of every process, and its limits. Two releases at once: an update is under way or stuck.',
          unit: unit.count,
          width: 12,
          labels: { service: 'Service', instance: 'Instance', version: 'Release' },
          queries: [
            { expr: `max by (service, instance, version) (${select('dtms_build_info', here)})`, legend: 'There' },
            {
              expr: `max by (service, instance) (${select('process_start_time_seconds', [...here, 'service!="prometheus"', 'service!="alertmanager"'])}) * 1000`,
              legend: 'Started',
            },
            { expr: `max by (service, instance) (${memory})`, legend: 'Memory limit' },
            { expr: `max by (service, instance) (${select('dtms_limit_cpu_cores', here)})`, legend: 'CPU limit' },
          ],
          units: { Started: unit.instant, 'Memory limit': unit.bytes, 'CPU limit': unit.cores },
        }),
      ],
    },
    {
      title: 'API',
      panels: [
        graph({
          title: 'Requests by class of status',
          description: 'Answers of the API. 4xx are the callers; 5xx are ours: read the log by the request id.',
          unit: unit.perSecond,
          width: 6,
          stacked: true,
          queries: [{ expr: sumBy(['status'], rate('dtms_http_request_seconds_count', here)), legend: '{{status}}' }],
          colours: [
            { pattern: '/^2xx$/', colour: 'green' },
            { pattern: '/^3xx$/', colour: 'light-green' },
            { pattern: '/^4xx$/', colour: 'yellow' },
            { pattern: '/^5xx$/', colour: 'red' },
          ],
        }),
        graph({
          title: 'Slowest routes p95',
          description: 'Time to answer by route, the ten slowest. The bar is 0.5 s.',
          unit: unit.seconds,
          width: 10,
          queries: [
            { expr: `topk(10, ${quantile(0.95, 'dtms_http_request_seconds', ['route'], here)})`, legend: '{{route}}' },
          ],
          steps: [{ from: 0.5, colour: 'red' }],
        }),
        graph({
          title: 'Live events',
          description: 'Events sent to listeners by type, and listeners that were too slow and were cut off.',
          unit: unit.perSecond,
          width: 8,
          queries: [
            { expr: sumBy(['kind'], rate('dtms_api_events_total', here)), legend: '{{kind}}' },
            { expr: sumBy([], rate('dtms_api_event_clients_dropped_total', here)), legend: 'cut off' },
          ],
          colours: [{ pattern: '/^cut off$/', colour: 'red' }],
        }),
        stat({
          title: 'Listeners',
          description: 'Connected listeners of live events: open pages and scripts.',
          unit: unit.count,
          width: 6,
          queries: [{ expr: sumBy([], select('dtms_api_event_clients', here)), legend: 'listeners' }],
        }),
        stat({
          title: 'Alerts told to the API',
          description:
            'Alerts that fire as Alertmanager has told the API, by severity. The overview counts those of Prometheus; when the two differ for minutes, notifications do not arrive.',
          unit: unit.count,
          width: 6,
          queries: [{ expr: maxBy(['severity'], select('dtms_alerts_firing', here)), legend: '{{severity}}' }],
        }),
        graph({
          title: 'Notifications of alerts',
          description:
            'accepted: a change; repeated: known already; truncated: left out by Alertmanager; refused: a wrong key or a bad body, the log of the API says which.',
          unit: unit.perSecond,
          width: 12,
          height: 4,
          queries: [{ expr: sumBy(['result'], rate('dtms_alerts_received_total', here)), legend: '{{result}}' }],
          colours: [
            { pattern: '/^refused$/', colour: 'red' },
            { pattern: '/^accepted$/', colour: 'green' },
            { pattern: '/^truncated$/', colour: 'orange' },
          ],
        }),
        stat({
          title: 'State changes refused or failed',
          description:
            'Faults, maintenance and the like that were asked for and not done, in the range that is shown: a wrong key, a bad body, or the log cannot be written.',
          unit: unit.count,
          width: 8,
          decimals: 0,
          queries: [
            {
              expr: orZero(sumBy([], grownInRange('dtms_api_state_changes_total', ['result!="done"', ...here]))),
              legend: 'not done',
            },
          ],
          steps: someSteps,
        }),
        stat({
          title: 'Server errors',
          description: 'Share of answers with a 5xx status. The bar is 0.1 %.',
          unit: unit.ratio,
          width: 8,
          decimals: 2,
          queries: [
            {
              expr: orZero(
                share(
                  sumBy([], rate('dtms_http_request_seconds_count', ['status="5xx"', ...here])),
                  sumBy([], rate('dtms_http_request_seconds_count', here)),
                ),
              ),
              legend: 'errors',
            },
          ],
          steps: [{ from: 0.001, colour: 'red' }],
        }),
        stat({
          title: 'Slowest scrape',
          description: 'How long Prometheus takes to read a process, the slowest. Near 10 s a target is lost.',
          unit: unit.seconds,
          width: 8,
          decimals: 2,
          queries: [{ expr: maxBy([], select('scrape_duration_seconds', here)), legend: 'slowest' }],
          steps: [
            { from: 1, colour: 'yellow' },
            { from: 5, colour: 'red' },
          ],
        }),
      ],
    },
    {
      title: 'Certificates',
      panels: [
        stat({
          title: 'End within a week',
          description:
            'Certificates in use that end within seven days; 0 also where services speak plain HTTP. The platform renews its own long before: look whether the secret was renewed and is mounted.',
          unit: unit.count,
          width: 12,
          queries: [
            {
              expr: orZero(`count(${select('dtms_tls_certificate_expiry_seconds', here)} - time() < 7 * 86400)`),
              legend: 'certificates',
            },
          ],
          steps: noneSteps,
        }),
        stat({
          title: 'Renewals not taken',
          description:
            'Changed certificates that could not be used, in the range that is shown; the old one stays until it ends. The log of the service says what is wrong with the files.',
          unit: unit.count,
          width: 12,
          decimals: 0,
          queries: [
            {
              expr: orZero(sumBy([], grownInRange('dtms_tls_reloads_total', ['result="failed"', ...here]))),
              legend: 'renewals',
            },
          ],
          steps: someSteps,
        }),
      ],
    },
  ],
})
