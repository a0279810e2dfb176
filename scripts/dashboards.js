// Writes grafana/dashboards/*.json from the compiled generator; test/grafana compares.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dashboardFiles } from '../dist/test/grafana/dashboards.js'

const folder = new URL('../grafana/dashboards/', import.meta.url)
const files = dashboardFiles()
mkdirSync(folder, { recursive: true })
for (const name of readdirSync(folder)) if (!files.has(name)) rmSync(new URL(name, folder))
for (const [name, text] of files) writeFileSync(new URL(name, folder), text)
