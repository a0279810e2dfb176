const QUOTE = '"'

/**
 * The fields of one row by RFC 4180: a field that begins with a quote ends with one, and two quotes inside stand for one.
 * Undefined when the quotes do not close or something stands behind a closing quote. A quote inside a field that did not
 * begin with one is a character like any other: people's file names have them.
 */
export function splitFields(row: string, delimiter: string): string[] | undefined {
  if (!row.includes(QUOTE)) return row.split(delimiter)
  const fields: string[] = []
  let at = 0
  for (;;) {
    if (row[at] !== QUOTE) {
      const end = row.indexOf(delimiter, at)
      if (end < 0) {
        fields.push(row.slice(at))
        return fields
      }
      fields.push(row.slice(at, end))
      at = end + 1
      continue
    }
    let text = ''
    let from = at + 1
    let close = row.indexOf(QUOTE, from)
    while (close >= 0 && row[close + 1] === QUOTE) {
      text += row.slice(from, close + 1)
      from = close + 2
      close = row.indexOf(QUOTE, from)
    }
    if (close < 0) return undefined
    fields.push(text + row.slice(from, close))
    at = close + 1
    if (at === row.length) return fields
    if (row[at] !== delimiter) return undefined
    at += 1
  }
}

/** Whether a quoted field is still open at the end: the row goes on in the next line of the file. */
export function isOpen(row: string, delimiter: string): boolean {
  if (!row.includes(QUOTE)) return false
  let at = 0
  while (at <= row.length) {
    if (row[at] === QUOTE) {
      let close = row.indexOf(QUOTE, at + 1)
      while (close >= 0 && row[close + 1] === QUOTE) close = row.indexOf(QUOTE, close + 2)
      if (close < 0) return true
      at = close + 1
    }
    const next = row.indexOf(delimiter, at)
    if (next < 0) return false
    at = next + 1
  }
  return false
}
