import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Worker threads load compiled JavaScript, so the tests build once before anything runs. */
export default function setup(): void {
  execFileSync(process.execPath, [fileURLToPath(new URL('../../scripts/build.js', import.meta.url))], {
    stdio: 'inherit',
  })
}
