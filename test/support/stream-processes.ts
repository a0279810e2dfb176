import { onTestFinished } from 'vitest'
import { type ServiceProcess, startService } from './service-process.ts'

/** Started at once; it ends with the test. */
export function aService(service: string, env: Record<string, string>): ServiceProcess {
  const process = startService(service, env)
  onTestFinished(process.kill9)
  return process
}
