"""Whose event a record holds, found without reading its JSON: machines get the bytes, and read them by the wire's rule.

Theory of operation
-------------------
A Java function goes through the text once, from string to string, and takes the fields that are asked for where they
stand at the top. What it leaves aside (values that are objects or stand behind a space, and any text after a backslash)
is read as JSON.
"""

from typing import Final

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import ArrayType, StringType

from stream_processing.spark_jobs.java_calls import JavaFunction, call

FIELDS: Final = ("source", "simulated", "underlying", "symbol")
_FIND: Final = JavaFunction(
    "optionsai.Envelope",
    "find",
    """\
package optionsai;

import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.unsafe.types.UTF8String;

public final class Envelope {
    private static final byte[][] NAMES = {FIELDS};

    public static GenericArrayData find(byte[] text) {
        Object[] found = new Object[NAMES.length];
        int depth = 0;
        for (int i = 0; text != null && i < text.length; i++) {
            byte here = text[i];
            if (here == '{' || here == '[') {
                depth++;
            } else if (here == '}' || here == ']') {
                depth--;
            } else if (here == '"') {
                int end = next(text, i + 1, (byte) '"', (byte) '\\\\');
                if (end == text.length || text[end] != '"') {
                    break;
                }
                int field = depth == 1 && end + 2 < text.length && text[end + 1] == ':' ? named(text, i + 1, end) : -1;
                i = end;
                if (field >= 0) {
                    int from = end + 2;
                    boolean isString = text[from] == '"';
                    int last = isString
                        ? next(text, from + 1, (byte) '"', (byte) '\\\\')
                        : next(text, from, (byte) ',', (byte) '}');
                    if (last == text.length || text[last] == '\\\\') {
                        break;
                    }
                    if (isString) {
                        found[field] = UTF8String.fromBytes(text, from + 1, last - from - 1);
                        i = last;
                    } else if (text[from] == 't' || text[from] == 'f') {
                        found[field] = UTF8String.fromBytes(text, from, last - from);
                    }
                }
            }
        }
        return new GenericArrayData(found);
    }

    private static int next(byte[] text, int from, byte one, byte other) {
        int at = from;
        while (at < text.length && text[at] != one && text[at] != other) {
            at++;
        }
        return at;
    }

    private static int named(byte[] text, int from, int end) {
        for (int field = 0; field < NAMES.length; field++) {
            byte[] name = NAMES[field];
            int same = 0;
            while (same < name.length && same < end - from && name[same] == text[from + same]) {
                same++;
            }
            if (same == name.length && same == end - from) {
                return field;
            }
        }
        return -1;
    }
}
""".replace("FIELDS", ", ".join(f'"{name}".getBytes()' for name in FIELDS)),
)


def find(session: SparkSession, value: Column) -> Column:
    """The fields of a record's value, for `read`."""
    return call(session, _FIND, [value], ArrayType(StringType()))


def read(found: Column, value: Column, *names: str) -> Column:
    """The first of these fields that the record has, as text; null where it has none."""
    text = value.cast("string")
    places = (found[FIELDS.index(name)] for name in names)
    return f.coalesce(*places, *(f.get_json_object(text, f"$.{name}") for name in names))
