"""Transfers to windows: the definitions of `dtms run stream` (streaming/windows.ts, streaming/message.ts) as columns."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

SCHEMA = """
    schema_version double, site string, reporting_site string, seq double, src_site string, dst_site string,
    bytes double, duration double, latency_ms double, status string, timestamp double, queued_at double,
    started_at double, error_scope string, error_class string, refused string
"""

ERROR_CLASSES = {
    "destination": ["no_space", "permission", "exists", "path", "unavailable"],
    "source": ["not_found", "permission", "unavailable"],
    "transfer": ["timeout", "interrupted", "checksum", "protocol"],
    "scheduler": ["expired", "cancelled"],
}
FAILURES = [f"{scope}/{name}" for scope, names in ERROR_CLASSES.items() for name in [*names, "unknown"]]
FAILURES.append("unknown/unknown")

SITE = r"^[A-Z0-9][A-Z0-9_]{0,31}\z"
MAX_MESSAGE_BYTES = 65_536
MOST_EXACT = 2**53 - 1
LEAST_SPAN, MOST_SPAN = 1e-9, 1e13
EARLIEST, LATEST = 946_684_800, 7_258_118_400
MOST_AHEAD = 86_400

QUANTILES = [0.5, 0.95, 0.99]
ACCURACY = 10_000
"""A percentile's rank is off by at most 1/ACCURACY of the count; exact for up to ACCURACY values."""


def read_events(messages: DataFrame) -> DataFrame:
    """One row a message: the fields that windows need and whether the message can be used at all."""
    options = {"columnNameOfCorruptRecord": "refused", "allowNonNumericNumbers": "false"}
    parsed = messages.select(
        F.from_json(F.col("value").cast("string"), SCHEMA, options).alias("m"),
        F.length("value").alias("size"),
        published_at().alias("published_at"),
    ).select("m.*", "size", "published_at")
    at = F.col("timestamp")
    site = F.coalesce("site", "reporting_site", "src_site")
    queued_at = F.coalesce("queued_at", "started_at", "timestamp")
    started_at = F.coalesce("started_at", queued_at)
    latency_ms = F.coalesce("latency_ms", F.lit(0.0))
    usable = [
        F.col("refused").isNull(),
        F.col("size") <= MAX_MESSAGE_BYTES,
        F.coalesce("schema_version", F.lit(1.0)) == 1,
        F.col("src_site").rlike(SITE) & F.col("dst_site").rlike(SITE) & site.rlike(SITE),
        is_count(F.col("seq")) & is_count(F.col("bytes")),
        is_span(F.col("duration")) & is_span(queued_at) & is_span(started_at) & is_span(latency_ms),
        F.col("status").isin("OK", "FAILED"),
        (at >= EARLIEST) & (at < LATEST) & (at <= F.col("published_at") + MOST_AHEAD),
    ]
    judged = parsed.withColumn("usable", F.coalesce(all_of(usable), F.lit(False)))
    # Spark may compute a column before it drops the row, and ends the query when one cannot be computed.
    return judged.select(
        "usable",
        F.when(F.col("usable"), F.timestamp_seconds(at)).alias("at"),
        site.alias("site"),
        F.col("seq").try_cast("long").alias("seq"),
        F.col("src_site").alias("source"),
        F.col("dst_site").alias("destination"),
        F.col("bytes").try_cast("decimal(16,0)").alias("bytes"),
        measurable(F.col("duration")).alias("duration"),
        measurable(started_at - queued_at).alias("queueWait"),
        (latency_ms / 1000).alias("firstByteSeconds"),
        F.when(
            (F.col("status") == "OK") & (F.col("duration") >= LEAST_SPAN), F.col("bytes") / F.col("duration")
        ).alias("rate"),
        F.when(F.col("status") == "FAILED", failure()).alias("failure"),
    )


def once(events: DataFrame, delay_seconds: float) -> DataFrame:
    """Usable events, each record once. What is further behind the newest event than the delay is dropped here."""
    usable = events.where("usable").drop("usable")
    return usable.withWatermark("at", interval(delay_seconds)).dropDuplicatesWithinWatermark(["site", "seq"])


def windows_of(events: DataFrame, window_seconds: int) -> DataFrame:
    """A row for each window of a link and of a source site."""
    ends = F.array(
        F.struct(F.lit("link").alias("scope"), F.col("destination").alias("to_site")),
        F.struct(F.lit("site").alias("scope"), F.lit(None).cast("string").alias("to_site")),
    )
    cells = events.withColumn("end", F.explode(ends)).groupBy(
        F.window("at", interval(window_seconds)).alias("window"),
        F.col("end.scope").alias("scope"),
        F.col("source"),
        F.col("end.to_site").alias("destination"),
    )
    sums = cells.agg(
        F.count("*").alias("count"),
        F.count("failure").alias("failed"),
        F.array(*[F.count_if(F.col("failure") == name) for name in FAILURES]).alias("failures"),
        F.sum("bytes").alias("bytes"),
        F.sum("firstByteSeconds").alias("firstByteSeconds"),
        measure("duration"),
        measure("rate"),
        measure("queueWait"),
    )
    by_class = F.map_from_arrays(F.array(*map(F.lit, FAILURES)), F.col("failures"))
    start, end = F.col("window.start").cast("long"), F.col("window.end").cast("long")
    name = F.concat_ws(">", "source", "destination")
    return sums.select(
        F.concat_ws("-", F.lit("w"), start.cast("string"), name).alias("id"),
        "scope",
        "source",
        "destination",
        start.alias("from"),
        end.alias("to"),
        "count",
        "failed",
        F.map_filter(by_class, lambda _, count: count > 0).alias("failures"),
        "bytes",
        "firstByteSeconds",
        "duration",
        "rate",
        "queueWait",
        F.to_date("window.start").alias("date"),
    )


def measure(name: str) -> Column:
    """Zeros when nothing was counted, as in the log."""
    column = F.col(name)
    quantiles = F.percentile_approx(column, QUANTILES, ACCURACY)
    zero = F.lit(0.0)
    return F.struct(
        F.count(column).alias("count"),
        F.coalesce(F.sum(column), zero).alias("sum"),
        F.coalesce(F.avg(column), zero).alias("mean"),
        F.coalesce(F.min(column), zero).alias("min"),
        F.coalesce(F.max(column), zero).alias("max"),
        *[F.coalesce(quantiles[i], zero).alias(f"p{int(q * 100)}") for i, q in enumerate(QUANTILES)],
    ).alias(name)


def messages_of(windows: DataFrame) -> DataFrame:
    """Key and value of the topic of windows. The key is the window's id: a reader that meets it again replaces."""
    return windows.select(F.col("id").alias("key"), F.to_json(F.struct(*windows.drop("date").columns)).alias("value"))


def published_at() -> Column:
    header = F.get(F.filter("headers", lambda h: h["key"] == "dtms-published-at"), F.lit(0))["value"].cast("string")
    return F.coalesce(header.try_cast("double"), F.col("timestamp").cast("double"))


def failure() -> Column:
    scope, name = F.col("error_scope"), F.col("error_class")
    known = F.concat_ws("/", scope, name)
    return (
        F.when(known.isin(FAILURES), known)
        .when(scope.isin(list(ERROR_CLASSES)), F.concat(scope, F.lit("/unknown")))
        .otherwise("unknown/unknown")
    )


def is_count(column: Column) -> Column:
    return (column >= 0) & (column <= MOST_EXACT) & (column == F.floor(column))


def is_span(column: Column) -> Column:
    return (column >= 0) & (column <= MOST_SPAN)


def measurable(seconds: Column) -> Column:
    return F.when(seconds >= LEAST_SPAN, seconds).otherwise(F.lit(0.0))


def all_of(conditions: list[Column]) -> Column:
    result = F.lit(True)
    for condition in conditions:
        result = result & condition
    return result


def interval(seconds: float) -> str:
    return f"{round(seconds * 1000)} milliseconds"
