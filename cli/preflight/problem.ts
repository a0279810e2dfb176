/** One thing that keeps DTMS from running here, and what to do about it. */
export interface Problem {
  what: string
  remedy: string
  /**
   * `size` and `kind`: another profile or component may do without (they are tried); `setup`: a step that is the same
   * for all of them.
   */
  cause: 'size' | 'kind' | 'setup'
}
