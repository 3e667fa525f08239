from pathlib import Path

from stream_processing.spark_jobs import session
from stream_processing.spark_jobs.session import JVM_OPTION


def test_both_ways_of_starting_get_the_same_options(tmp_path: Path) -> None:
    conf = tmp_path / "spark" / "conf"
    options = session.prepare(conf, tmp_path / "logs" / "jvm.log", "local[5]", "1g", [Path("/a.jar"), Path("/b.jar")])
    written = dict(line.split(" ", 1) for line in (conf / "spark-defaults.conf").read_text().splitlines() if line)
    assert written == options
    assert options["spark.jars"] == "/a.jar,/b.jar"
    assert options["spark.master"] == "local[5]"
    assert JVM_OPTION in options["spark.driver.extraJavaOptions"].split()


def test_the_jvm_logs_to_a_bounded_file(tmp_path: Path) -> None:
    conf, log = tmp_path / "conf", tmp_path / "logs" / "jvm.log"
    options = session.prepare(conf, log, "local[5]", "1g", [])
    text = (conf / "log4j2.properties").read_text()
    assert f"appender.file.fileName = {log}\n" in text
    assert "SizeBasedTriggeringPolicy" in text
    assert (conf / "log4j2.properties").as_uri() in options["spark.driver.extraJavaOptions"]
    assert log.parent.is_dir()
