"""Prints the rows of the Parquet files given, one JSON object a line, each behind `window `."""

import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
rows = spark.read.parquet(sys.argv[1])
for row in rows.select(F.to_json(F.struct("*")).alias("json")).collect():
    print(f"window {row.json}")
