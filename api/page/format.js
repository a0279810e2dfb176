// Numbers and instants as people read them. Pure functions: no document, no clock.

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** 1234567 -> "1.2 MB" */
export function bytes(value) {
  let scaled = value
  let unit = 0
  while (scaled >= 1000 && unit < units.length - 1) {
    scaled /= 1000
    unit += 1
  }
  const digits = unit === 0 || scaled >= 100 ? 0 : 1
  return `${scaled.toFixed(digits)} ${units[unit]}`
}

export function rate(bytesPerSecond) {
  return bytesPerSecond === null ? 'no rate' : `${bytes(bytesPerSecond)}/s`
}

/** 7384 -> "2 h 3 min" */
export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  return `${Math.round(hours / 24)} days`
}

export function whole(value) {
  return value.toLocaleString('en', { maximumFractionDigits: 0 })
}

export function percent(part, all) {
  if (all === 0) return '0 %'
  const share = (100 * part) / all
  return `${share > 0 && share < 10 ? share.toFixed(1) : Math.round(share)} %`
}

/** Unix seconds -> "2026-01-05 12:00:07 UTC" */
export function instant(seconds) {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** Only the time of day, for lists about the present. */
export function timeOfDay(seconds) {
  return new Date(seconds * 1000).toISOString().slice(11, 19)
}

export function scopeText(scope) {
  if (scope.site !== undefined) return scope.site
  if (scope.source !== undefined) return `${scope.source} → ${scope.destination}`
  return 'everything'
}

export function speedText(speed) {
  if (speed === 0) return 'stands still'
  return speed === 1 ? 'real time' : `${Number(speed.toPrecision(3))}×`
}
