/**
 * A damaged newline joins two lines into one that is neither. Every line of every version begins with `{"v":` behind
 * the `"}` of the one before, and no line has these bytes anywhere else (inside a text the quotes are escaped), so a
 * joined line can be taken apart again and costs at most the record that really was damaged.
 */
const START = Buffer.from('{"v":', 'latin1')
const QUOTE = 0x22
const CLOSE = 0x7d

export interface Piece {
  /** Byte in the joined line where the piece begins. */
  offset: number
  bytes: Buffer
}

/** The pieces of a line that no codec can read; undefined when it is not a joined one. */
export function takeApart(line: Buffer): Piece[] | undefined {
  const pieces: Piece[] = []
  let begin = 0
  for (let start = line.indexOf(START, 1); start >= 0; start = line.indexOf(START, start + 1)) {
    // One byte stands where the newline was.
    const end = start - 1
    if (line[end - 1] !== CLOSE || line[end - 2] !== QUOTE) continue
    pieces.push({ offset: begin, bytes: line.subarray(begin, end) })
    begin = start
  }
  if (pieces.length === 0) return undefined
  pieces.push({ offset: begin, bytes: line.subarray(begin) })
  return pieces
}
