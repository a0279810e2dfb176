"""The settings of the Spark job. Run with `python -m unittest` from streaming/spark."""

import unittest

from settings import SettingsError, settings_from

NEEDED = {"DTMS_SPARK_OUTPUT": "/data/windows", "DTMS_SPARK_CHECKPOINT": "/data/checkpoint"}


class SettingsTest(unittest.TestCase):
    def test_defaults_are_those_of_the_stream_service(self) -> None:
        settings = settings_from(NEEDED)
        self.assertEqual(settings.brokers, "dtms-kafka:9092")
        self.assertEqual(settings.transfers_topic, "dtms_transfers")
        self.assertEqual((settings.window_seconds, settings.delay_seconds), (60, 60.0))
        self.assertEqual(settings.kafka, {})

    def test_the_older_names_of_the_brokers_are_known_and_the_newer_wins(self) -> None:
        env = {**NEEDED, "BOOTSTRAP_SERVERS": "a:1"}
        self.assertEqual(settings_from(env).brokers, "a:1")
        self.assertEqual(settings_from({**env, "DTMS_KAFKA_BROKERS": "b:2"}).brokers, "b:2")

    def test_the_watermark_is_behind_by_disorder_and_lateness_together(self) -> None:
        env = {**NEEDED, "DTMS_STREAM_WATERMARK_SECONDS": "5", "DTMS_STREAM_LATENESS_SECONDS": "2.5"}
        self.assertEqual(settings_from(env).delay_seconds, 7.5)

    def test_all_problems_are_told_at_once(self) -> None:
        env = {
            "DTMS_STREAM_WINDOW_SECONDS": "0",
            "DTMS_SPARK_TRIGGER_SECONDS": "soon",
            "DTMS_KAFKA_TLS": "perhaps",
            "DTMS_KAFKA_SASL_MECHANISM": "gssapi",
        }
        with self.assertRaises(SettingsError) as caught:
            settings_from(env)
        names = [line.split(":")[0] for line in str(caught.exception).split("\n")]
        self.assertEqual(sorted(names), sorted([*env, *NEEDED]))

    def test_boundaries_of_the_window_length(self) -> None:
        for text, good in (("0", False), ("1", True), ("86400", True), ("86401", False), ("1.5", False)):
            with self.subTest(text):
                env = {**NEEDED, "DTMS_STREAM_WINDOW_SECONDS": text}
                if good:
                    self.assertEqual(settings_from(env).window_seconds, int(text))
                else:
                    self.assertRaises(SettingsError, settings_from, env)

    def test_sasl_and_tls_in_the_words_of_the_java_client(self) -> None:
        env = {
            **NEEDED,
            "DTMS_KAFKA_TLS": "true",
            "DTMS_KAFKA_TLS_CA_FILE": __file__,
            "DTMS_KAFKA_SASL_MECHANISM": "scram-sha-512",
            "DTMS_KAFKA_SASL_USERNAME": "dtms",
            "DTMS_KAFKA_SASL_PASSWORD": 'a"b\\c',
        }
        options = settings_from(env).kafka
        self.assertEqual(options["security.protocol"], "SASL_SSL")
        self.assertEqual(options["sasl.mechanism"], "SCRAM-SHA-512")
        self.assertIn('username="dtms" password="a\\"b\\\\c";', options["sasl.jaas.config"])
        self.assertEqual(options["ssl.truststore.type"], "PEM")
        self.assertIn("unittest", options["ssl.truststore.certificates"])

    def test_a_certificate_that_cannot_be_read_is_a_problem(self) -> None:
        env = {**NEEDED, "DTMS_KAFKA_TLS": "1", "DTMS_KAFKA_TLS_CA_FILE": "/nowhere/ca.pem"}
        self.assertRaisesRegex(SettingsError, "DTMS_KAFKA_TLS_CA_FILE", settings_from, env)


if __name__ == "__main__":
    unittest.main()
