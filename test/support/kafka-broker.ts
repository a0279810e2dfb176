import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kafkaParts } from './kafka-parts.ts'
import { freePorts } from './ports.ts'

export interface BrokerOptions {
  /** Further lines of server.properties; they win over the ones below. */
  settings?: Record<string, string>
  /** Opens a second listener that wants this user name and password (PLAIN). */
  sasl?: { username: string; password: string }
  /** Opens a third listener that speaks TLS with this key store (PKCS 12). */
  tls?: { keyStore: string; password: string }
  /** MiB of Java heap. */
  heapMiB?: number
  /** False leaves it stopped: call `restart`. */
  start?: boolean
}

/** One real broker on free ports of the loopback, with a data folder of its own. */
export interface Broker {
  /** host:port of the plain listener; stays the same over restarts. */
  readonly brokers: string[]
  readonly saslBrokers: string[]
  readonly tlsBrokers: string[]
  readonly pid: number
  /** What it has printed: warnings and errors. */
  output(): string
  /** Ends it as a power cut would. */
  kill9(): Promise<void>
  /** Ends it in order (SIGTERM); its data stays for `restart`. */
  halt(): Promise<void>
  /** Starts it on its data again; resolves when it serves. */
  restart(): Promise<void>
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const folder = mkdtempSync(join(tmpdir(), 'dtms-broker-'))
  const parts = kafkaParts()
  if (parts === undefined) throw new Error('the broker has not been fetched')
  cpSync(parts.formatted, join(folder, 'data'), { recursive: true })
  const [plain = 0, controller = 0, sasl = 0, tls = 0] = await freePorts(4)
  const settings = settingsOf(options, join(folder, 'data'), { plain, controller, sasl, tls })
  writeFileSync(join(folder, 'server.properties'), settings.map(([name, value]) => `${name}=${value}`).join('\n'))
  writeFileSync(join(folder, 'log4j2.properties'), logging)

  let child: ChildProcess | undefined
  let printed = ''
  const end = async (signal: NodeJS.Signals) => {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return
    const ended = once(ending, 'exit')
    ending.kill(signal)
    await ended
  }
  const restart = async () => {
    await end('SIGTERM')
    child = launch(folder, parts.classPath, options.heapMiB ?? 256)
    await serving(child, (text) => {
      printed = (printed + text).slice(-65_536)
    })
  }
  const broker: Broker = {
    brokers: [`127.0.0.1:${plain}`],
    saslBrokers: [`127.0.0.1:${sasl}`],
    tlsBrokers: [`localhost:${tls}`],
    get pid() {
      return child?.pid ?? -1
    },
    output: () => printed,
    kill9: () => end('SIGKILL'),
    halt: () => end('SIGTERM'),
    restart,
    stop: async () => {
      await end('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
  if (options.start !== false) await restart()
  return broker
}

const READY = 'Kafka Server started'

const logging = `status=error
appender.out.type=Console
appender.out.name=OUT
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{HH:mm:ss.SSS} %p %m (%c)%n
rootLogger.level=WARN
rootLogger.appenderRef.out.ref=OUT
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=INFO
`

function launch(folder: string, classPath: string, heapMiB: number): ChildProcess {
  const memory = [`-Xms${heapMiB}m`, `-Xmx${heapMiB}m`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
  const logs = `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`
  const flags = [...memory, '-Djava.awt.headless=true', logs, '-cp', classPath]
  const child = spawn('java', [...flags, 'kafka.Kafka', join(folder, 'server.properties')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

function serving(child: ChildProcess, print: (text: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = ''
    const take = (chunk: Buffer) => {
      const text = chunk.toString('utf8')
      print(text)
      seen = (seen + text).slice(-8192)
      if (seen.includes(READY)) resolve()
    }
    child.stdout?.on('data', take)
    child.stderr?.on('data', take)
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`the broker ended (${signal ?? code}):\n${seen}`)))
  })
}

interface Ports {
  plain: number
  controller: number
  sasl: number
  tls: number
}

function settingsOf({ settings = {}, sasl, tls }: BrokerOptions, data: string, ports: Ports): [string, string][] {
  const listeners = [`PLAINTEXT://127.0.0.1:${ports.plain}`]
  const own = new Map<string, string>()
  if (sasl !== undefined) {
    listeners.push(`SASL_PLAINTEXT://127.0.0.1:${ports.sasl}`)
    const login = `user_${sasl.username}="${sasl.password}"`
    const module = 'org.apache.kafka.common.security.plain.PlainLoginModule'
    own.set('sasl.enabled.mechanisms', 'PLAIN')
    own.set('listener.name.sasl_plaintext.plain.sasl.jaas.config', `${module} required ${login};`)
  }
  if (tls !== undefined) {
    listeners.push(`SSL://localhost:${ports.tls}`)
    own.set('ssl.keystore.type', 'PKCS12').set('ssl.keystore.location', tls.keyStore)
    own.set('ssl.keystore.password', tls.password).set('ssl.key.password', tls.password)
  }
  const basic: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    listeners: [...listeners, `CONTROLLER://127.0.0.1:${ports.controller}`].join(','),
    'advertised.listeners': listeners.join(','),
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': data,
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '500',
    'num.network.threads': '2',
    'num.io.threads': '2',
    'log.cleaner.dedupe.buffer.size': '4194304',
    // After a kill the controller lets the broker's own former life go within these, not within 9 s. Much less, and a
    // machine that stands still for a moment makes it let go of a broker that lives: no leader, no place for a topic.
    'broker.heartbeat.interval.ms': '250',
    'broker.session.timeout.ms': '6000',
  }
  return Object.entries({ ...basic, ...Object.fromEntries(own), ...settings })
}
