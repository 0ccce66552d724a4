//! Requests and records that favour cost, drawn from bytes: patterns with groups, calls and look-around,
//! loops over arrays, schemas, sorts with large keys, computed fields.
//!
//! This file draws; what must hold of what it draws is said in [`law`].

pub(crate) mod law;

use filedex_query::{Decimal, Document, Value};

/// Bytes that decide, one after the other; once there are none left, all decide for the first.
pub(crate) struct Draw<'b>(pub(crate) &'b [u8]);

/// A request as it would come in.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) filter: String,
    pub(crate) fields: String,
    pub(crate) sort: String,
    /// What is to become of the record, with the filters of elements.
    pub(crate) update: Option<(String, Option<String>)>,
}

impl Draw<'_> {
    fn below(&mut self, bound: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % bound
    }

    fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts.get(self.below(texts.len())).copied().unwrap_or_default()
    }

    /// A power of two: most often small.
    fn size(&mut self, most: u32) -> usize {
        let (one, other) = (self.below(most as usize + 1), self.below(most as usize + 1));
        1 << one.min(other)
    }

    /// A record whose stored form has some 16 MiB at most.
    pub(crate) fn record(&mut self) -> Document {
        let letters = self.one_of(&["a", "ab", "a1 ", "é", "\u{1}", "aaaaaaab", "x.y,z"]);
        let text = letters.repeat(self.size(23) / letters.len());
        let length = self.size(18);
        let element = self.element();
        let fields = self.size(14);
        Document::new()
            .with("_id", "x")
            .with("s", text)
            .with("a", vec![element; length])
            .with("n", (0..self.size(16) as i32).map(Value::Int).collect::<Vec<Value>>())
            .with("o", (0..fields).map(|n| (format!("f{n}"), Value::Int(1))).collect::<Document>())
            .with("m", self.nested(4))
            .with("d", "1E-6000".parse::<Decimal>().unwrap_or(Decimal::from(1)))
    }

    fn element(&mut self) -> Value {
        match self.below(6) {
            0 => Value::Int(7),
            1 => "text of an element".into(),
            2 => Document::new().with("b", 1).with("c", vec![Value::Int(1)]).into(),
            3 => vec![Value::Int(1), Value::Int(2)].into(),
            4 => Decimal::from(3).into(),
            _ => Document::new().with("k", "name").with("v", "x".repeat(200)).into(),
        }
    }

    fn nested(&mut self, levels: usize) -> Value {
        let Some(levels) = levels.checked_sub(1) else { return Value::Int(1) };
        let inner = self.nested(levels);
        vec![Value::Document(Document::new().with("0", inner.clone()).with("b", inner)); 4].into()
    }

    pub(crate) fn request(&mut self) -> Request {
        let filter = match self.below(3) {
            0 => "{}".to_owned(),
            _ => self.filter(3),
        };
        let fields = match self.below(3) {
            0 => self
                .one_of(&["{}", r#"{"s":0}"#, r#"{"a.b":1,"o":1}"#, r#"{"n":{"$slice":-9}}"#])
                .into(),
            1 => format!(r#"{{"x":{}}}"#, self.expression(5)),
            _ => format!(r#"{{"x":{},"y":{}}}"#, self.expression(4), self.expression(4)),
        };
        let sorts =
            ["{}", r#"{"a":1}"#, r#"{"s":-1,"n":1}"#, r#"{"a.b":-1,"a.c":1}"#, r#"{"m.0.b.0":1}"#];
        let sort = self.one_of(&sorts).to_owned();
        let update = (self.below(3) == 0).then(|| self.update());
        Request { filter, fields, sort, update }
    }

    /// An update, with the filters that it needs.
    fn update(&mut self) -> (String, Option<String>) {
        if self.below(3) == 0 {
            let stages = (0..=self.below(3)).map(|_| self.stage()).collect::<Vec<String>>();
            return (format!("[{}]", stages.join(",")), None);
        }
        let mut update = String::from("{");
        let paths =
            ["a", "n", "m", "a.$[]", "m.$[].0", "a.$[x]", "a.$[].c", "m.$[].b.$[].0", "n.$[]"];
        for (place, operator) in (0..=self.below(3)).zip(["$set", "$max", "$push"]) {
            let path = self.one_of(&paths);
            let operator = if self.below(2) == 0 { operator } else { self.operator() };
            let comma = if place > 0 { "," } else { "" };
            let argument = self.argument(operator);
            update.push_str(&format!(r#"{comma}"{operator}":{{"{path}":{argument}}}"#));
        }
        update.push('}');
        let takes =
            self.one_of(&[r#"{"x":7}"#, r#"{"x.k":"name"}"#, r#"{"x":{"$type":"object"}}"#]);
        let takes = if self.below(2) == 0 { takes.to_owned() } else { self.element_filter() };
        let filters = update.contains("$[x]").then(|| format!("[{takes}]"));
        (update, filters)
    }

    fn operator(&mut self) -> &'static str {
        self.one_of(&[
            "$set",
            "$push",
            "$addToSet",
            "$pull",
            "$pullAll",
            "$pop",
            "$inc",
            "$mul",
            "$rename",
            "$unset",
            "$min",
            "$bit",
        ])
    }

    fn element_filter(&mut self) -> String {
        format!(r#"{{"x":{{"$regex":{}}}}}"#, self.pattern(3))
    }

    fn argument(&mut self, operator: &str) -> String {
        let many = self.size(12);
        match operator {
            "$push" => {
                let items = vec!["7"; many].join(",");
                let sort = self.one_of(&["1", "-1", r#"{"b":1,"c":-1}"#, r#"{"k":1,"v":1}"#]);
                let slice = if self.below(2) == 0 { "-3" } else { "1000000" };
                format!(r#"{{"$each":[{items}],"$sort":{sort},"$slice":{slice},"$position":0}}"#)
            }
            "$addToSet" => {
                let items = (0..many).map(|n| n.to_string()).collect::<Vec<String>>().join(",");
                format!(r#"{{"$each":[{items}]}}"#)
            }
            "$pullAll" => r#"[1,2,[1,2],{"b":1,"c":[1]},"text of an element"]"#.to_owned(),
            "$pull" => match self.below(3) {
                0 => format!(r#"{{"$regex":{}}}"#, self.pattern(3)),
                1 => format!(r#"{{"v":{{"$regex":{}}}}}"#, self.pattern(3)),
                _ => r#"[1,2]"#.to_owned(),
            },
            "$rename" => r#""z.y.x""#.to_owned(),
            "$pop" => "-1".to_owned(),
            "$inc" | "$mul" => self.one_of(&["2", r#"{"$numberDecimal":"3.1E-6000"}"#]).to_owned(),
            "$bit" => r#"{"or":1}"#.to_owned(),
            _ => format!(r#""{}""#, "x".repeat(many)),
        }
    }

    fn stage(&mut self) -> String {
        match self.below(4) {
            0 => format!(r#"{{"$replaceWith":{{"a":{},"b":"$$ROOT"}}}}"#, self.expression(4)),
            1 => format!(r#"{{"$project":{{"s":1,"a":{}}}}}"#, self.expression(4)),
            2 => format!(r#"{{"$set":{{"a.x":{},"m.b":"$n"}}}}"#, self.expression(3)),
            _ => format!(r#"{{"$set":{{"x":{},"a":{}}}}}"#, self.expression(4), self.array(4)),
        }
    }

    fn filter(&mut self, levels: usize) -> String {
        let Some(levels) = levels.checked_sub(1) else { return r#"{"a":7}"#.to_owned() };
        match self.below(8) {
            0 => format!(r#"{{"$expr":{}}}"#, self.expression(5)),
            1 => {
                let field = self.one_of(&["s", "a", "a.b", "o.f1", "m.0.b.0"]);
                format!(r#"{{"{field}":{{"$regex":{}}}}}"#, self.pattern(4))
            }
            2 => format!(r#"{{"$jsonSchema":{}}}"#, self.schema(3)),
            3 => format!(r#"{{"$nor":[{},{}]}}"#, self.filter(levels), self.filter(levels)),
            4 => format!(r#"{{"a":{{"$elemMatch":{}}}}}"#, self.filter(levels)),
            5 => format!(r#"{{"a":{{"$elemMatch":{{"$regex":{}}}}}}}"#, self.pattern(3)),
            6 => format!(r#"{{"m.0.b.0.b":{{"$in":[1,2,"x",{}]}}}}"#, self.below(9)),
            _ => format!(r#"{{"$or":[{},{}]}}"#, self.filter(levels), self.filter(levels)),
        }
    }

    fn schema(&mut self, levels: usize) -> String {
        let Some(levels) = levels.checked_sub(1) else { return "{}".to_owned() };
        match self.below(5) {
            0 => r#"{"properties":{"a":{"uniqueItems":true},"n":{"uniqueItems":true}}}"#.to_owned(),
            1 => format!(r#"{{"properties":{{"a":{{"items":{}}}}}}}"#, self.schema(levels)),
            2 => format!(
                r#"{{"patternProperties":{{{}:{}}}}}"#,
                self.pattern(3),
                self.schema(levels)
            ),
            3 => r#"{"properties":{"n":{"items":{"multipleOf":0.1}},"s":{"minLength":9}}}"#
                .to_owned(),
            _ => format!(r#"{{"anyOf":[{},{}]}}"#, self.schema(levels), self.schema(levels)),
        }
    }

    /// An expression of any kind: what is asked for the wrong kind ends with an error of its own, so the
    /// kinds are mostly right.
    fn expression(&mut self, levels: usize) -> String {
        match self.below(3) {
            0 => self.array(levels),
            1 => self.text(levels),
            _ => self.number(levels),
        }
    }

    fn array(&mut self, levels: usize) -> String {
        let Some(levels) = levels.checked_sub(1) else {
            return self.one_of(&[r#""$n""#, r#""$a""#, "[1,2,3]"]).to_owned();
        };
        match self.below(16) {
            0 => {
                let body =
                    self.one_of(&[r#""$$this""#, r#"["$$this","$$this"]"#, r#""$s""#]).to_owned();
                let body = if self.below(2) == 0 { body } else { self.expression(levels) };
                format!(r#"{{"$map":{{"input":{},"in":{body}}}}}"#, self.array(levels))
            }
            1 => format!(
                r#"{{"$filter":{{"input":{},"cond":{}}}}}"#,
                self.array(levels),
                self.number(levels)
            ),
            2 => format!(r#"{{"$concatArrays":[{},{}]}}"#, self.array(levels), self.array(levels)),
            3 => format!(r#"{{"$sortArray":{{"input":{},"sortBy":-1}}}}"#, self.array(levels)),
            4 => format!(r#"{{"$setUnion":[{},{}]}}"#, self.array(levels), self.array(levels)),
            5 => format!(r#"{{"$setDifference":[{},{}]}}"#, self.array(levels), self.array(levels)),
            6 => format!(
                r#"{{"$zip":{{"inputs":[{},{}],"useLongestLength":true}}}}"#,
                self.array(levels),
                self.array(levels)
            ),
            7 => format!(r#"{{"$range":[0,{}]}}"#, self.size(20)),
            8 => format!(r#"{{"$reverseArray":{}}}"#, self.array(levels)),
            9 => format!(r#"{{"$split":[{},"a"]}}"#, self.text(levels)),
            10 => format!(
                r#"{{"$regexFindAll":{{"input":{},"regex":{}}}}}"#,
                self.text(levels),
                self.pattern(4)
            ),
            11 => r#"{"$objectToArray":"$o"}"#.to_owned(),
            12 => format!(r#"{{"$maxN":{{"n":1000000,"input":{}}}}}"#, self.array(levels)),
            13 => format!(
                r#"{{"$reduce":{{"input":{},"initialValue":[],"in":{{"$concatArrays":["$$value",["$$this"]]}}}}}}"#,
                self.array(levels)
            ),
            14 => format!(r#"{{"$slice":[{},-100000]}}"#, self.array(levels)),
            _ => {
                format!(r#"{{"$setIntersection":[{},{}]}}"#, self.array(levels), self.array(levels))
            }
        }
    }

    fn text(&mut self, levels: usize) -> String {
        let Some(levels) = levels.checked_sub(1) else {
            return self.one_of(&[r#""$s""#, r#""ab""#]).to_owned();
        };
        match self.below(8) {
            0 => format!(r#"{{"$concat":[{},{}]}}"#, self.text(levels), self.text(levels)),
            1 => format!(
                r#"{{"$reduce":{{"input":{{"$range":[0,{}]}},"initialValue":"ab","in":{{"$concat":["$$value","$$value"]}}}}}}"#,
                self.below(26)
            ),
            2 => format!(
                r#"{{"$replaceAll":{{"input":{},"find":"a","replacement":{}}}}}"#,
                self.text(levels),
                self.text(levels)
            ),
            3 => format!(r#"{{"$toUpper":{}}}"#, self.text(levels)),
            4 => format!(r#"{{"$trim":{{"input":{},"chars":"ab"}}}}"#, self.text(levels)),
            5 => format!(r#"{{"$substrCP":[{},3,100000]}}"#, self.text(levels)),
            6 => format!(r#"{{"$toString":{}}}"#, self.number(levels)),
            _ => format!(
                r#"{{"$let":{{"vars":{{"t":{}}},"in":{{"$concat":["$$t","$$t","$$t"]}}}}}}"#,
                self.text(levels)
            ),
        }
    }

    fn number(&mut self, levels: usize) -> String {
        let Some(levels) = levels.checked_sub(1) else {
            return self.one_of(&["7", r#""$d""#, r#"{"$numberDecimal":"1E6000"}"#]).to_owned();
        };
        match self.below(9) {
            0 => format!(r#"{{"$size":{}}}"#, self.array(levels)),
            1 => format!(r#"{{"$sum":{}}}"#, self.array(levels)),
            2 => format!(r#"{{"$in":[{},{}]}}"#, self.number(levels), self.array(levels)),
            3 => format!(
                r#"{{"$regexMatch":{{"input":{},"regex":{}}}}}"#,
                self.text(levels),
                self.pattern(4)
            ),
            4 => format!(r#"{{"$add":[{},{}]}}"#, self.number(levels), self.number(levels)),
            5 => format!(r#"{{"$max":{}}}"#, self.array(levels)),
            6 => format!(r#"{{"$eq":[{},{}]}}"#, self.array(levels), self.array(levels)),
            7 => format!(r#"{{"$strLenCP":{}}}"#, self.text(levels)),
            _ => format!(r#"{{"$bsonSize":{{"x":{}}}}}"#, self.array(levels)),
        }
    }

    /// A pattern as a JSON string.
    fn pattern(&mut self, levels: usize) -> String {
        let defined = match self.below(6) {
            0 => format!("(a|b)(?(DEFINE){})(?:(?1))*c", "()".repeat(self.size(14))),
            1 => "(x)".repeat(self.size(10)),
            _ => String::new(),
        };
        let pattern = format!("{defined}{}", self.part(levels));
        format!("\"{}\"", pattern.replace('\\', "\\\\"))
    }

    fn part(&mut self, levels: usize) -> String {
        let leaves = ["a", ".", "b", r"\w", r"\p{L}", "[ab]", "aaab", r"\1", "^", "x"];
        let Some(levels) = levels.checked_sub(1) else { return self.one_of(&leaves).to_owned() };
        match self.below(9) {
            0 => format!("({})", self.part(levels)),
            1 => format!("{}{}", self.part(levels), self.part(levels)),
            2 => format!("(?:{}|{})", self.part(levels), self.part(levels)),
            3 => format!("(?:{})*", self.part(levels)),
            4 => format!("(?:{}){{1,{}}}", self.part(levels), 1 + self.size(9)),
            5 => format!("(?={})", self.part(levels)),
            6 => format!("(?>{})", self.part(levels)),
            7 => format!("({})+(?1)*", self.part(levels)),
            _ => format!("(?:{})*?", self.part(levels)),
        }
    }
}
