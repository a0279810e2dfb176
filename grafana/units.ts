/** Units as Grafana names them. */
export const unit = {
  count: 'short',
  perSecond: 'suffix: /s',
  seconds: 's',
  bytes: 'bytes',
  bytesPerSecond: 'Bps',
  ratio: 'percentunit',
  cores: 'suffix: cores',
  times: 'suffix:×',
  instant: 'dateTimeFromNow',
  /** A figure without a dimension, such as a coefficient or a score. */
  plain: 'none',
  /** The number stands for a word. */
  word: 'none',
} as const
