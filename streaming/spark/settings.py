"""Settings of the Spark job: the names of `dtms run stream` wherever both have the setting."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


class SettingsError(Exception):
    """All problems at once, one a line."""


@dataclass(frozen=True)
class Settings:
    brokers: str
    transfers_topic: str
    windows_topic: str
    window_seconds: int
    delay_seconds: float
    """How far the watermark stays behind the newest event: usual disorder and allowed lateness together."""
    output: str
    """Folder or object-store URL of the Parquet files."""
    checkpoint: str
    trigger_seconds: float
    """0: take what is there now and end."""
    max_offsets: int
    """Messages a batch takes at most: bounds memory while catching up."""
    kafka: dict[str, str]
    """TLS and SASL in the words of Kafka's own client."""


def settings_from(env: Mapping[str, str]) -> Settings:
    problems: list[str] = []

    def value(names: str, fallback: T, convert: Callable[[str], T]) -> T:
        for name in names.split():
            if env.get(name, "") == "":
                continue
            try:
                return convert(env[name])
            except ValueError as error:
                problems.append(f"{name}: {error}")
        return fallback

    watermark = value("DTMS_STREAM_WATERMARK_SECONDS", 10.0, number(0, 86_400))
    lateness = value("DTMS_STREAM_LATENESS_SECONDS", 50.0, number(0, 604_800))
    output = value("DTMS_SPARK_OUTPUT", "", str)
    checkpoint = value("DTMS_SPARK_CHECKPOINT", "", str)
    if output == "":
        problems.append("DTMS_SPARK_OUTPUT: missing (where the Parquet files go)")
    if checkpoint == "":
        problems.append("DTMS_SPARK_CHECKPOINT: missing (where state and offsets are kept)")
    settings = Settings(
        brokers=value("DTMS_KAFKA_BROKERS KAFKA_BROKERS BOOTSTRAP_SERVERS", "dtms-kafka:9092", str),
        transfers_topic=value("DTMS_KAFKA_TRANSFERS_TOPIC", "dtms_transfers", str),
        windows_topic=value("DTMS_SPARK_WINDOWS_TOPIC", "dtms_windows", str),
        window_seconds=value("DTMS_STREAM_WINDOW_SECONDS", 60, whole(1, 86_400)),
        delay_seconds=watermark + lateness,
        output=output,
        checkpoint=checkpoint,
        trigger_seconds=value("DTMS_SPARK_TRIGGER_SECONDS", 10.0, number(0, 86_400)),
        max_offsets=value("DTMS_SPARK_MAX_OFFSETS", 1_000_000, whole(1, 1_000_000_000)),
        kafka=kafka_options(env, problems),
    )
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def kafka_options(env: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    """The same TLS and SASL settings as everywhere in DTMS, as options of Kafka's Java client."""
    tls = env.get("DTMS_KAFKA_TLS", "").lower() in ("1", "true", "yes", "on")
    if not tls and env.get("DTMS_KAFKA_TLS", "").lower() not in ("", "0", "false", "no", "off"):
        problems.append("DTMS_KAFKA_TLS: must be true or false")
    mechanism = env.get("DTMS_KAFKA_SASL_MECHANISM", "")
    options: dict[str, str] = {}
    if tls or mechanism:
        options["security.protocol"] = ("SASL_" if mechanism else "") + ("SSL" if tls else "PLAINTEXT")
    if mechanism in ("plain", "scram-sha-256", "scram-sha-512"):
        module = "plain.PlainLoginModule" if mechanism == "plain" else "scram.ScramLoginModule"
        username = quoted(env.get("DTMS_KAFKA_SASL_USERNAME", ""))
        password = quoted(secret(env, "DTMS_KAFKA_SASL_PASSWORD", problems))
        options["sasl.mechanism"] = mechanism.upper()
        options["sasl.jaas.config"] = (
            f"org.apache.kafka.common.security.{module} required username={username} password={password};"
        )
    elif mechanism:
        problems.append("DTMS_KAFKA_SASL_MECHANISM: must be plain, scram-sha-256 or scram-sha-512")
    files = {
        "DTMS_KAFKA_TLS_CA_FILE": ("ssl.truststore", "certificates"),
        "DTMS_KAFKA_TLS_CERT_FILE": ("ssl.keystore", "certificate.chain"),
        "DTMS_KAFKA_TLS_KEY_FILE": ("ssl.keystore", "key"),
    }
    for name, (store, part) in files.items():
        if tls and env.get(name, "") != "":
            options[f"{store}.{part}"] = text_of(env[name], name, problems)
            options[f"{store}.type"] = "PEM"
    return options


def secret(env: Mapping[str, str], name: str, problems: list[str]) -> str:
    """From the variable or, as secrets are mounted, from the file that `<name>_FILE` names."""
    file = f"{name}_FILE"
    if env.get(name, "") == "" and env.get(file, "") != "":
        return text_of(env[file], file, problems).strip()
    return env.get(name, "")


def text_of(path: str, name: str, problems: list[str]) -> str:
    try:
        return Path(path).read_text()
    except OSError as error:
        problems.append(f"{name}: {error.strerror}")
        return ""


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def number(low: float, high: float) -> Callable[[str], float]:
    def convert(text: str) -> float:
        result = float(text)
        if not low <= result <= high:
            raise ValueError(f"must be from {low:g} to {high:g}")
        return result

    return convert


def whole(low: int, high: int) -> Callable[[str], int]:
    def convert(text: str) -> int:
        result = int(text)
        if not low <= result <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return result

    return convert
