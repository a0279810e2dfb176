/** A place in the order of a stream: by record time, then writer, then seq. No two lines share one. */
export interface Key {
  at: number
  writer: string
  seq: number
}

export interface Keyed<T> extends Key {
  value: T
}

export function compareKeys(a: Key, b: Key): number {
  if (a.at !== b.at) return a.at - b.at
  if (a.writer !== b.writer) return a.writer < b.writer ? -1 : 1
  return a.seq - b.seq
}
