"""Asks a server that speaks MongoDB's protocol what each case of standard input gives.

    ask.py mongodb://127.0.0.1:PORT < cases > answers

An answer a line, as crates/query/examples/evaluate.rs writes them.
"""

import sys

from bson import json_util
from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo import MongoClient
from pymongo.errors import NetworkTimeout, OperationFailure, PyMongoError

# Dates are kept as milliseconds: those outside of what Python's own can say are asked for, too.
OPTIONS = json_util.JSONOptions(json_mode=json_util.JSONMode.CANONICAL, tz_aware=False,
                                datetime_conversion=DatetimeConversion.DATETIME_MS)
CODEC = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS)


def main():
    database = MongoClient(sys.argv[1]).get_database("referee", codec_options=CODEC)
    for line in sys.stdin:
        print(answer(database, json_util.loads(line, json_options=OPTIONS)))


def answer(database, case):
    # In a variable, so that a number or true is a constant and not the inclusion of a field.
    expression = {"$let": {"vars": {"x": case["expr"]}, "in": "$$x"}}
    stages = [{"$documents": [case["doc"]]}, {"$project": {"_id": 0, "r": expression}}]
    try:
        found = next(database.aggregate(stages))
    except OperationFailure as error:
        return json_util.dumps({"error": error.code})
    except NetworkTimeout:
        # The server is lost in this case; the next one needs a new server.
        print(json_util.dumps({"broken": "does not end"}))
        sys.exit(1)
    except (PyMongoError, OverflowError, ValueError) as error:
        return json_util.dumps({"broken": str(error)[:200]})
    if "r" not in found:
        return '{"none":1}'
    return json_util.dumps({"ok": found["r"]}, json_options=OPTIONS)


if __name__ == "__main__":
    main()
