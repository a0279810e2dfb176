import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Collector, someRecords } from '../contracts/bus.contract.ts'
import { aFolder, eventually } from '../support/builders.ts'
import { aBroker, aKafkaBus } from '../support/kafka.ts'
import { noKafka } from '../support/kafka-parts.ts'
import { aLogger } from '../support/logger.ts'

const plan = { topic: 'guarded', partitions: 1, replication: 1, retentionHours: 1 }

/** A key store with a certificate for localhost that signs itself, and that certificate. */
function aCertificate(folder: string, name: string): { keyStore: string; caFile: string; password: string } {
  const [keyStore, caFile, password] = [join(folder, `${name}.p12`), join(folder, `${name}.pem`), 'for-the-test']
  const common = ['-alias', name, '-keystore', keyStore, '-storetype', 'PKCS12', '-storepass', password]
  const subject = ['-dname', 'CN=localhost', '-ext', 'SAN=dns:localhost,ip:127.0.0.1', '-validity', '2']
  execFileSync('keytool', ['-genkeypair', '-keyalg', 'RSA', '-keysize', '2048', ...subject, ...common], {
    stdio: 'ignore',
  })
  execFileSync('keytool', ['-exportcert', '-rfc', '-file', caFile, ...common], { stdio: 'ignore' })
  return { keyStore, caFile, password }
}

describe.skipIf(noKafka() !== undefined)('a broker that wants to know who it is', () => {
  it('refuses a wrong password, with a hint and without telling it; takes the right one', async () => {
    const broker = await aBroker({ sasl: { username: 'dtms', password: 'right-secret' } })
    const login = { brokers: broker.saslBrokers, saslMechanism: 'plain' as const, saslUsername: 'dtms' }
    const { logger, lines } = aLogger()
    const wrong = aKafkaBus({ ...login, saslPassword: 'wrong-secret' }, logger)
    const refused = { code: 'bus.refused', hint: expect.stringContaining('DTMS_KAFKA_SASL_PASSWORD') }
    await expect(wrong.ensureTopics([plan])).rejects.toMatchObject(refused)
    const publisher = await wrong.publisher()
    await expect(publisher.publish(plan.topic, someRecords(0, 1))).rejects.toMatchObject(refused)
    const subscription = await new Collector().join(wrong, plan.topic)
    await eventually(() => lines.find(({ level }) => level === 'error'))
    expect([wrong.connected, subscription.ready]).toEqual([false, false])
    expect(JSON.stringify(lines)).not.toContain('-secret')

    const right = aKafkaBus({ ...login, saslPassword: 'right-secret' })
    await right.ensureTopics([plan])
    const collector = new Collector()
    await collector.join(right, plan.topic)
    await (await right.publisher()).publish(plan.topic, someRecords(0, 3))
    await eventually(() => collector.count() === 3)
  })

  it('is refused itself when its certificate is not trusted; trusted, it is spoken to over TLS', async () => {
    const folder = aFolder()
    const [own, foreign] = [aCertificate(folder, 'broker'), aCertificate(folder, 'foreign')]
    const broker = await aBroker({ tls: own })
    const brokers = broker.tlsBrokers
    const refused = { code: 'bus.refused', hint: expect.stringContaining('DTMS_KAFKA_TLS_CA_FILE') }
    const distrusting = aKafkaBus({ brokers, tls: true, tlsCaFile: foreign.caFile })
    await expect(distrusting.ensureTopics([plan])).rejects.toMatchObject(refused)
    const lost = aKafkaBus({ brokers, tls: true, tlsCaFile: join(folder, 'absent.pem') })
    await expect(lost.ensureTopics([plan])).rejects.toMatchObject(refused)
    const trusting = aKafkaBus({ brokers, tls: true, tlsCaFile: own.caFile })
    expect(await trusting.ensureTopics([plan])).toEqual([])
    expect(await (await trusting.publisher()).publish(plan.topic, someRecords(0, 3))).toHaveLength(1)
  })
})
