//! The operators of filters, one line of help each: for reading, and what the script completes.

use maud::{Markup, html};

const OPERATORS: [(&str, &str); 24] = [
    ("$eq", "equal, whatever the value looks like"),
    ("$ne", "not equal; also where the field is missing"),
    ("$gt", "greater, of the same kind"),
    ("$gte", "greater or equal"),
    ("$lt", "less, of the same kind"),
    ("$lte", "less or equal"),
    ("$in", "equal to one of a list, or matched by a pattern in it"),
    ("$nin", "none of a list"),
    ("$exists", "there (null counts), or not"),
    ("$type", "of a kind: \"string\", \"number\", \"date\", .."),
    ("$regex", "a pattern searches a text; /logo/i is the short form"),
    ("$options", "of the $regex beside it: i, m, s, x"),
    ("$and", "all filters of a list"),
    ("$or", "one of them"),
    ("$nor", "none of them"),
    ("$not", "the opposite of an operator or a pattern"),
    ("$all", "an array with all of these"),
    ("$elemMatch", "one element meets all conditions"),
    ("$size", "an array of that length"),
    ("$mod", "[divisor, remainder]"),
    ("$expr", "an expression over the record is true"),
    ("$jsonSchema", "the record is of that shape"),
    ("$bitsAnySet", "some of these bits are set"),
    ("$sampleRate", "a share of the records, by chance"),
];

pub(super) fn operators() -> Markup {
    html! {
        details.operators {
            summary { "What a query can say" }
            p {
                "A query is an object: " code { "{size: {$gt: 10000}, name: /^logo/i}" } ". Names need no quotes, "
                code { "ISODate(\"2024-06-01\")" } " is a moment, a dotted path goes into objects."
            }
            dl #operators {
                @for (name, help) in OPERATORS { div { dt { code { (name) } } dd { (help) } } }
            }
        }
    }
}
