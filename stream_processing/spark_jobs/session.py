"""The Spark session of the streaming job: every option with its reason, and the files that must exist before the JVM.

Theory of operation
-------------------
Most of what matters has to be known when the Java virtual machine starts: its flags, its jars, its log configuration.
Started as a Python module, pyspark starts the JVM and hands it these options. Under `spark-submit` the JVM is there
first; it reads the same options from `spark-defaults.conf` in the folder that SPARK_CONF_DIR names. `prepare` writes
that file at every start, and `open_session` refuses to run in a JVM that was started without it.
"""

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import Popen, TimeoutExpired
from typing import Any, Final

from pyspark import SparkContext
from pyspark.sql import SparkSession

from contracts.errors import ConfigError, PartError

JVM_OPTION: Final = "-XX:-DontCompileHugeMethods"
"""What Spark generates around a query may be larger than Java's compiler takes by default, and an interpreted method is
20 to 40 times slower."""
SHOW_BEANS: Final = "--add-exports=java.management/com.sun.jmx.mbeanserver=ALL-UNNAMED"
"""Lets `progress` read the JMX beans from Python."""
COLLECTOR: Final = "-XX:+UseParallelGC"
"""What lives long is small, so a young collection takes about 2 ms, where the default collector's takes 5 and its
concurrent threads compete for the cores: at 10,000 quotes/s the median latency fell from 4.2 to 2.6 ms."""
LARGE_PAGES: Final = "-XX:+UseTransparentHugePages"
"""Of 2 MiB, where the kernel gives them on request: fewer to look up, which on virtual machines costs most."""
LATE_OPTIMISING: Final = (
    "-XX:Tier4InvocationThreshold=100000",
    "-XX:Tier4MinInvocationThreshold=12000",
    "-XX:Tier4CompileThreshold=300000",
    "-XX:Tier4BackEdgeThreshold=800000",
)
"""Twenty times the usual numbers. What runs for each record is past them in seconds; what else Spark does between two
batches is thousands of methods, whose second compilation took a tenth of both cores for minutes."""
STOP_TIMEOUT_S: Final = 10.0
"""For each query, and for the virtual machine, to end by itself."""

_LOGGING: Final = """\
status = error
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = {log}
appender.file.filePattern = {log}.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{yyyy-MM-dd'T'HH:mm:ss.SSSXXX}}{{UTC}} %-5p %c{{1}} %m%n%ex{{20}}
appender.file.policies.type = SizeBasedTriggeringPolicy
appender.file.policies.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 3
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
"""

_FIXED: Final = {
    "spark.app.name": "optionsai",
    # Queries share the slots that Real-time Mode leaves; none may wait behind another's batch.
    "spark.scheduler.mode": "FAIR",
    # Of a batch over what is recorded; each streaming query says for itself.
    "spark.sql.shuffle.partitions": "2",
    # A record may lose its own result, never the query: arithmetic that fails gives null, and null is not published.
    "spark.sql.ansi.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    # Progress goes to Prometheus; the built-in pages would cost memory and an open port.
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # Their counts are added up once a second.
    "spark.sql.streaming.numRecentProgressUpdates": "20",
    # Finished batches of the queries with memory would otherwise pile up in the in-memory history behind those pages.
    "spark.ui.retainedJobs": "20",
    "spark.ui.retainedStages": "20",
    "spark.ui.retainedTasks": "200",
    "spark.sql.ui.retainedExecutions": "5",
    "spark.sql.streaming.ui.retainedQueries": "5",
    # Python processes are forked from one that has our modules ready.
    "spark.python.daemon.module": "stream_processing.spark_jobs.daemon",
    # A worker is one thread of work; more of them in its linear algebra would spin beside the other queries.
    "spark.executorEnv.OPENBLAS_NUM_THREADS": "1",
    "spark.executorEnv.OMP_NUM_THREADS": "1",
    # State lives in RocksDB; between snapshots only what changed is written.
    "spark.sql.streaming.stateStore.providerClass": (
        "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
    ),
    "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "true",
    "spark.sql.streaming.minBatchesToRetain": "20",
    # The usual one starts a process for each link that a file might be.
    "spark.sql.streaming.checkpointFileManagerClass": (
        "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
    ),
    "spark.sql.streaming.stopTimeout": f"{STOP_TIMEOUT_S:.0f}s",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}


def prepare(folder: Path, log_file: Path, master: str, driver_memory: str, jars: Sequence[Path]) -> dict[str, str]:
    """All options of the session, also written to `folder` as a SPARK_CONF_DIR."""
    folder.mkdir(parents=True, exist_ok=True)
    log_file.parent.mkdir(parents=True, exist_ok=True)
    logging_file = folder / "log4j2.properties"
    logging_file.write_text(_LOGGING.format(log=log_file))
    options = _FIXED | {
        "spark.master": master,
        "spark.driver.memory": driver_memory,
        "spark.jars": ",".join(map(str, jars)),
        "spark.driver.extraJavaOptions": " ".join(
            (
                *(JVM_OPTION, COLLECTOR, LARGE_PAGES, *LATE_OPTIMISING, SHOW_BEANS),
                f"-Dlog4j2.configurationFile={logging_file.as_uri()}",
            )
        ),
        "spark.local.dir": str(folder.parent / "scratch"),
        "spark.sql.warehouse.dir": str(folder.parent / "warehouse"),
    }
    lines = "".join(f"{name} {value}\n" for name, value in options.items())
    (folder / "spark-defaults.conf").write_text(lines)
    return options


def open_session(options: dict[str, str], conf_dir: Path) -> SparkSession:
    """The session, in a JVM of this process's own or in the one that `spark-submit` started."""
    # The stateful queries run Python beside the virtual machine; unless told otherwise this one, with our packages.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder
    for name, value in options.items():
        builder = builder.config(name, value)
    interrupt = signal.getsignal(signal.SIGINT)
    try:
        session = builder.getOrCreate()
    except Exception as error:
        raise PartError(
            f"Spark did not start: {error}. Check that Java 17 or newer is there (`optionsai doctor`)"
        ) from error
    finally:
        # pyspark replaces the handler by one that raises in the middle of whatever runs.
        signal.signal(signal.SIGINT, interrupt)
    flags = list(jvm(session).java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments())
    if JVM_OPTION not in flags:
        session.stop()
        raise ConfigError(
            "spark-submit",
            "SPARK_CONF_DIR",
            "this JVM was started without the options of the streaming job",
            f"Set SPARK_CONF_DIR={conf_dir} and start again",
        )
    return session


def close(session: SparkSession) -> None:
    """Stop the session and see its virtual machine gone. Never raises: the machine may have died before."""
    gateway: Any = session.sparkContext._gateway  # noqa: SLF001 - pyspark has no public way in
    with suppress(Exception):
        session.stop()
    process: Popen[bytes] | None = getattr(gateway, "proc", None)
    if process is None:  # spark-submit's own machine, which ends with this process
        return
    with suppress(Exception):
        gateway.shutdown()
    if process.stdin is not None:
        process.stdin.close()  # the launcher's sign that its parent is done
    try:
        process.wait(STOP_TIMEOUT_S)
    except TimeoutExpired:
        process.kill()
        process.wait()
    # pyspark would talk to the dead machine again if another session were opened.
    SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001


def jvm(session: SparkSession) -> Any:  # noqa: ANN401 - py4j makes Java packages into attributes as they are asked for
    """The session's virtual machine: Java packages are its attributes."""
    return session._jvm  # noqa: SLF001 - pyspark has no public way in
