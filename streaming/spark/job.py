"""Windows of the transfer topic on Spark: Kafka -> closed windows -> Parquet -> topic of windows.

The windows are computed once and written as Parquet, which Spark's file sink does exactly once. A second, stateless query
reads those files and writes their rows to the topic; after a crash it may write some again under the same key.
"""

import json
import os
import socket
import sys
import time

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming import DataStreamWriter, StreamingQuery
from pyspark.sql.streaming.listener import (
    QueryIdleEvent,
    QueryProgressEvent,
    QueryStartedEvent,
    QueryTerminatedEvent,
    StreamingQueryListener,
)
from settings import Settings, SettingsError, settings_from
from windows import messages_of, once, read_events, windows_of

BROKER_WAIT_SECONDS = 60


def main() -> int:
    try:
        settings = settings_from(os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    if not wait_for_broker(settings.brokers, BROKER_WAIT_SECONDS):
        print(f"none of {settings.brokers} answers: is the broker up, and DTMS_KAFKA_BROKERS right?", file=sys.stderr)
        return 1
    spark = SparkSession.builder.appName("dtms-windows").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    spark.streams.addListener(Progress())
    try:
        run(spark, settings)
    finally:
        spark.stop()
    return 0


def run(spark: SparkSession, settings: Settings) -> None:
    windows = windows_from_topic(spark, settings)
    to_files = start_files(windows, settings)
    if settings.trigger_seconds == 0:
        to_files.awaitTermination()
    to_topic = start_topic(spark, windows, settings)
    if settings.trigger_seconds == 0:
        to_topic.awaitTermination()
    else:
        spark.streams.awaitAnyTermination()


def windows_from_topic(spark: SparkSession, settings: Settings) -> DataFrame:
    messages = (
        spark.readStream.format("kafka")
        .options(**kafka_options(settings))
        .option("subscribe", settings.transfers_topic)
        .option("startingOffsets", "earliest")
        .option("failOnDataLoss", "true")
        .option("includeHeaders", "true")
        .option("maxOffsetsPerTrigger", settings.max_offsets)
        .load()
    )
    # Counted for `Progress`: what came, and what no window can use.
    events = read_events(messages).observe(
        "messages", F.count("*").alias("received"), F.count_if(~F.col("usable")).alias("refused")
    )
    return windows_of(once(events, settings.delay_seconds), settings.window_seconds)


def start_files(windows: DataFrame, settings: Settings) -> StreamingQuery:
    writer = windows.writeStream.format("parquet").option("path", settings.output).partitionBy("date")
    return start(writer, "files", settings)


def start_topic(spark: SparkSession, windows: DataFrame, settings: Settings) -> StreamingQuery:
    # A stream of files begins with a folder that exists; the first window may be minutes away.
    folder = spark._jvm.org.apache.hadoop.fs.Path(settings.output)
    folder.getFileSystem(spark._jsc.hadoopConfiguration()).mkdirs(folder)
    closed = spark.readStream.schema(windows.schema).parquet(settings.output)
    writer = (
        messages_of(closed)
        .writeStream.format("kafka")
        .options(**kafka_options(settings))
        .option("topic", settings.windows_topic)
    )
    return start(writer, "topic", settings)


def start(writer: DataStreamWriter, name: str, settings: Settings) -> StreamingQuery:
    writer = writer.queryName(name).outputMode("append").option("checkpointLocation", f"{settings.checkpoint}/{name}")
    if settings.trigger_seconds == 0:
        return writer.trigger(availableNow=True).start()
    return writer.trigger(processingTime=f"{settings.trigger_seconds} seconds").start()


def kafka_options(settings: Settings) -> dict[str, str]:
    options = {f"kafka.{name}": value for name, value in settings.kafka.items()}
    return {"kafka.bootstrap.servers": settings.brokers, **options}


def wait_for_broker(brokers: str, seconds: float) -> bool:
    """Kafka's client would go on trying for minutes before it says that nobody is there."""
    end = time.monotonic() + seconds
    while True:
        for broker in brokers.split(","):
            host, _, port = broker.strip().rpartition(":")
            try:
                socket.create_connection((host.strip("[]"), int(port)), timeout=2).close()
                return True
            except OSError:
                pass
        if time.monotonic() > end:
            return False
        time.sleep(1)


class Progress(StreamingQueryListener):
    """A JSON line on stdout for every batch: what came, what was refused, what was too late."""

    def onQueryStarted(self, event: QueryStartedEvent) -> None:
        pass

    def onQueryIdle(self, event: QueryIdleEvent) -> None:
        pass

    def onQueryTerminated(self, event: QueryTerminatedEvent) -> None:
        pass

    def onQueryProgress(self, event: QueryProgressEvent) -> None:
        progress = event.progress
        messages = progress.observedMetrics.get("messages")
        line = {
            "query": progress.name,
            "batch": progress.batchId,
            "rows": progress.numInputRows,
            "refused": 0 if messages is None else messages["refused"],
            "late": sum(state.numRowsDroppedByWatermark for state in progress.stateOperators),
            "kept": sum(state.numRowsTotal for state in progress.stateOperators),
            "watermark": progress.eventTime.get("watermark"),
            "seconds": progress.batchDuration / 1000,
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    sys.exit(main())
