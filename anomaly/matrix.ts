/**
 * Rows of feature values, row after row in one array. Single precision throughout: thresholds are stored in single
 * precision too, so a value and a threshold that are compared have both been rounded the same way, and a model that
 * was saved and loaded scores bit for bit as before.
 */
export interface Matrix {
  data: Float32Array
  rows: number
  columns: number
}

export function matrixOf(rows: readonly (readonly number[])[]): Matrix {
  const columns = rows[0]?.length ?? 0
  const data = new Float32Array(rows.length * columns)
  rows.forEach((row, i) => {
    data.set(row, i * columns)
  })
  return { data, rows: rows.length, columns }
}
