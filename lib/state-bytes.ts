/**
 * Plain data with typed arrays as bytes: u32 length of a JSON text, the text, and behind it the arrays, which the text
 * points to by {"$": type, "at": byte, "n": elements}. A training window as JSON numbers would be ten times as long.
 */
const types = { f32: Float32Array, f64: Float64Array, u8: Uint8Array } as const
type TypeName = keyof typeof types
type Typed = Float32Array | Float64Array | Uint8Array

export function encodeState(state: unknown): Buffer {
  const arrays: Buffer[] = []
  let length = 0
  const text = JSON.stringify(state, function (this: Record<string, unknown>, key: string, value: unknown) {
    // Not `value`: a Buffer has been turned into something else by its own toJSON.
    const array = this[key]
    const type = typeNameOf(array)
    if (type === undefined || !isTyped(array)) return value
    const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength)
    arrays.push(bytes)
    const pointer = { $: type, at: length, n: array.length }
    length += bytes.length
    return pointer
  })
  const head = Buffer.alloc(4)
  const body = Buffer.from(text, 'utf8')
  head.writeUInt32LE(body.length)
  return Buffer.concat([head, body, ...arrays])
}

/** The caller knows what it saved: checkpoints carry a checksum and a version. */
export function decodeState<State>(bytes: Uint8Array): State {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const textEnd = 4 + file.readUInt32LE(0)
  return JSON.parse(file.toString('utf8', 4, textEnd), (_key, value: unknown) => {
    if (!isPointer(value)) return value
    const type = types[value.$]
    const from = textEnd + value.at
    // A copy: the elements need an alignment that their place in the file does not have.
    return new type(Uint8Array.from(file.subarray(from, from + value.n * type.BYTES_PER_ELEMENT)).buffer)
  }) as State
}

function isTyped(value: unknown): value is Typed {
  return typeNameOf(value) !== undefined
}

function typeNameOf(value: unknown): TypeName | undefined {
  if (value instanceof Float32Array) return 'f32'
  if (value instanceof Float64Array) return 'f64'
  return value instanceof Uint8Array ? 'u8' : undefined
}

function isPointer(value: unknown): value is { $: TypeName; at: number; n: number } {
  return typeof value === 'object' && value !== null && '$' in value && 'at' in value && 'n' in value
}
