"""Random expressions over dates, decimals and texts, one case a line: {"doc": .., "expr": ..} as Extended JSON.

    cases.py COUNT SEED

Arguments are mostly of the kind that an operator takes, sometimes of another, so that refusals are asked for too.
What depends on the clock or on chance ($$NOW, $rand) is left out.
"""

import json
import random
import sys

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "+02:30", "-0700", "Nowhere/Land"]
UNITS = ["year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"]
TEXTS = ["", "a", "Hello, World", "ÄÖÜ straße", "日本語", "  padded ", "a-b-c", "19.90", "1e3", "-0", "0x10", "NaN",
         "2024-02-29", "2024-02-29T23:59:60Z", "2017-07-04T10:30:00.123+02:00", "Jul 4 2017", "4 July 2017 noon",
         "2024W015", "10:30 2024-01-05", "5Jan2024", "not a date", "true", "507f1f77bcf86cd799439011"]
FORMATS = ["%Y-%m-%d", "%d.%m.%Y %H:%M:%S.%L", "%G-W%V-%u", "%Y-%j", "%b %d, %Y", "%B", "%z|%Z", "%%", "%q", "%H:%M"]
DECIMALS = ["0", "-0", "0.00", "1", "19.90", "-3.5", "1E+3", "1E-7", "9.999999999999999999999999999999999E+6144",
            "1E-6176", "NaN", "Infinity", "-Infinity", "0.1", "2.50", "1234567890123456789012345678901234", "1e34"]
DOUBLES = ["0.0", "-0.0", "0.1", "1.5", "2.5", "-2.5", "1e300", "1e-300", "NaN", "Infinity", "-Infinity", "3.0", "1e15", "1e21"]
DATES = [0, 1, -1, 951782400000, 1709251199999, 1499164200123, -59011459200000, 250000000000000, 1711846800000,
         1698541200000, -2208988800000, 4102444800000]


class Draw:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def one(self, values):
        return self.r.choice(values)

    def int(self):
        n = self.one([0, 1, 2, 3, -1, -2, 7, 10, 100, 2147483647, -2147483648, self.r.randint(-1000, 1000)])
        return {"$numberInt": str(n)}

    def long(self):
        n = self.one([0, 1, -1, 5, 9223372036854775807, -9223372036854775808, 3000000000, self.r.randint(-10**12, 10**12)])
        return {"$numberLong": str(n)}

    def double(self):
        return {"$numberDouble": self.one(DOUBLES + [repr(self.r.uniform(-1000, 1000))])}

    def decimal(self):
        return {"$numberDecimal": self.one(DECIMALS + ["%.*f" % (self.r.randint(0, 6), self.r.uniform(-1000, 1000))])}

    def date_value(self):
        n = self.one(DATES + [self.r.randint(0, 2 * 10**12)])
        return {"$date": {"$numberLong": str(n)}}

    def text_value(self):
        return self.one(TEXTS)

    def odd(self):
        return self.one([None, True, False, "$missing", [], {"$literal": {"a": 1}}, {"$oid": "507f1f77bcf86cd799439011"},
                         self.int(), self.text_value(), self.date_value(), self.decimal()])

    def sometimes_odd(self, make, depth):
        return self.odd() if self.r.random() < 0.06 else make(depth)

    def number(self, depth=0):
        return self.sometimes_odd(self._number, depth)

    def text(self, depth=0):
        return self.sometimes_odd(self._text, depth)

    def date(self, depth=0):
        return self.sometimes_odd(self._date, depth)

    def _number(self, depth):
        leaf = [self.int, self.long, self.double, self.decimal, lambda: "$" + self.one(["i", "l", "d", "m"])]
        if depth <= 0 or self.r.random() < 0.3:
            return self.one(leaf)()
        n, d = self.number, depth - 1
        return self.one([
            lambda: {"$add": [n(d), n(d)]}, lambda: {"$subtract": [n(d), n(d)]}, lambda: {"$multiply": [n(d), n(d)]},
            lambda: {"$divide": [n(d), n(d)]}, lambda: {"$mod": [n(d), n(d)]}, lambda: {"$abs": n(d)},
            lambda: {"$ceil": n(d)}, lambda: {"$floor": n(d)}, lambda: {"$sqrt": n(d)}, lambda: {"$exp": n(d)},
            lambda: {"$ln": n(d)}, lambda: {"$log10": n(d)}, lambda: {"$log": [n(d), n(d)]}, lambda: {"$pow": [n(d), n(d)]},
            lambda: {"$trunc": [n(d), self.r.randint(-5, 5)]}, lambda: {"$round": [n(d), self.r.randint(-5, 5)]},
            lambda: {"$toInt": n(d)}, lambda: {"$toLong": n(d)}, lambda: {"$toDouble": n(d)}, lambda: {"$toDecimal": n(d)},
            lambda: {"$toDecimal": self.text(d)}, lambda: {"$toDouble": self.text(d)}, lambda: {"$toInt": self.text(d)},
            lambda: {"$strLenBytes": self.text(d)}, lambda: {"$strLenCP": self.text(d)},
            lambda: {"$indexOfCP": [self.text(d), self.text(0)]}, lambda: {"$strcasecmp": [self.text(d), self.text(d)]},
            lambda: {"$cmp": [n(d), n(d)]}, lambda: {"$max": [n(d), n(d)]}, lambda: {"$min": [n(d), n(d)]},
            lambda: {"$sum": [n(d), n(d)]}, lambda: {"$avg": [n(d), n(d)]},
            lambda: {self.one(["$year", "$month", "$dayOfMonth", "$hour", "$minute", "$second", "$millisecond", "$week",
                               "$dayOfWeek", "$dayOfYear", "$isoWeek", "$isoWeekYear", "$isoDayOfWeek"]):
                     self.one([lambda: self.date(d), lambda: {"date": self.date(d), "timezone": self.one(ZONES)}])()},
            lambda: {"$dateDiff": {"startDate": self.date(d), "endDate": self.date(d), "unit": self.one(UNITS),
                                   "timezone": self.one(ZONES)}},
            lambda: {"$subtract": [self.date(d), self.date(d)]}, lambda: {"$toLong": self.date(d)},
        ])()

    def _text(self, depth):
        if depth <= 0 or self.r.random() < 0.3:
            return self.one([self.text_value, lambda: "$s"])()
        t, d = self.text, depth - 1
        return self.one([
            lambda: {"$concat": [t(d), t(d)]}, lambda: {"$toUpper": t(d)}, lambda: {"$toLower": t(d)},
            lambda: {"$toUpper": self.number(d)}, lambda: {"$toLower": self.date(d)},
            lambda: {"$substrCP": [t(d), self.r.randint(0, 5), self.r.randint(0, 5)]},
            lambda: {"$substrBytes": [t(d), self.r.randint(0, 5), self.r.randint(-1, 5)]},
            lambda: {"$substrCP": [self.number(d), 0, self.r.randint(0, 9)]},
            lambda: {"$trim": {"input": t(d)}}, lambda: {"$ltrim": {"input": t(d), "chars": t(0)}},
            lambda: {"$replaceOne": {"input": t(d), "find": t(0), "replacement": t(0)}},
            lambda: {"$replaceAll": {"input": t(d), "find": self.one(["a", "-", "l"]), "replacement": t(0)}},
            lambda: {"$toString": self.number(d)}, lambda: {"$toString": self.date(d)}, lambda: {"$type": self.number(d)},
            lambda: {"$dateToString": {"date": self.date(d), "format": self.one(FORMATS), "timezone": self.one(ZONES)}},
            lambda: {"$dateToString": {"date": self.date(d), "onNull": "none"}},
            lambda: {"$reduce": {"input": {"$split": [t(d), "-"]}, "initialValue": "", "in": {"$concat": ["$$this", "$$value"]}}},
        ])()

    def _date(self, depth):
        if depth <= 0 or self.r.random() < 0.3:
            return self.one([self.date_value, lambda: "$t"])()
        dt, d = self.date, depth - 1
        return self.one([
            lambda: {"$dateAdd": {"startDate": dt(d), "unit": self.one(UNITS), "amount": self.r.randint(-40, 40),
                                  "timezone": self.one(ZONES)}},
            lambda: {"$dateSubtract": {"startDate": dt(d), "unit": self.one(UNITS), "amount": self.r.randint(-40, 40)}},
            lambda: {"$dateTrunc": {"date": dt(d), "unit": self.one(UNITS), "binSize": self.r.randint(1, 12),
                                    "timezone": self.one(ZONES)}},
            lambda: {"$dateFromString": {"dateString": self.text(d)}},
            lambda: {"$dateFromString": {"dateString": self.text(0), "onError": None, "onNull": self.date_value()}},
            lambda: {"$dateFromString": {"dateString": {"$dateToString": {"date": dt(d), "format": "%Y-%m-%d %H:%M:%S"}},
                                         "format": "%Y-%m-%d %H:%M:%S", "timezone": self.one(ZONES)}},
            lambda: {"$dateFromParts": {"year": self.r.randint(1, 2100), "month": self.r.randint(-20, 20),
                                        "day": self.r.randint(-40, 40), "timezone": self.one(ZONES)}},
            lambda: {"$dateFromParts": {"isoWeekYear": self.r.randint(1, 2100), "isoWeek": self.r.randint(0, 60)}},
            lambda: {"$toDate": self.number(d)}, lambda: {"$toDate": self.text(d)},
            lambda: {"$add": [dt(d), self.number(0)]}, lambda: {"$subtract": [dt(d), self.number(0)]},
            lambda: {"$cond": [{"$gt": [dt(d), dt(d)]}, dt(d), dt(d)]},
        ])()

    def case(self):
        document = {"_id": 1, "i": self.int(), "l": self.long(), "d": self.double(), "m": self.decimal(),
                    "s": self.text_value(), "t": self.date_value()}
        return {"doc": document, "expr": self.one([self.number, self.text, self.date])(self.r.choice([1, 1, 1, 2, 2, 3]))}


if __name__ == "__main__":
    draw = Draw(int(sys.argv[2]))
    for _ in range(int(sys.argv[1])):
        print(json.dumps(draw.case(), ensure_ascii=False))
