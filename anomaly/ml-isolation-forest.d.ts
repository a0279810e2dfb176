/** The package ships no types. Only what the adapter uses. */
declare module 'ml-isolation-forest' {
  export class IsolationForest {
    constructor(options?: { nEstimators?: number })
    train(rows: number[][]): void
    predict(rows: number[][]): number[]
  }
}
