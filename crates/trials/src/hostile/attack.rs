//! The attacks: what once stopped or killed a host, and what a generator finds costly.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use fastrand::Rng;

use super::request::{answer, head, parameters, sent};
use super::server::{ATTACKER, World};

/// Something that a member of a room does to the host.
pub(super) struct Attack {
    pub(super) name: &'static str,
    /// Does it to the server at that address, and tells what came back.
    pub(super) run: Box<Deed>,
}

/// What is done to the server at an address, and what came back.
type Deed = dyn Fn(&str, &World) -> String;

/// A sum over some thousand numbers, for each record.
const COSTLY: &str = r#"{"$reduce":{"input":{"$range":[0,9000]},"initialValue":{"$strLenCP":"$_id"},"in":{"$add":["$$value","$$this"]}}}"#;

/// All attacks; fewer connections if it is to be short.
pub(super) fn all(short: bool, generated: usize, seed: u64) -> Vec<Attack> {
    let share = if short { 10 } else { 1 };
    let whole_room = |fields: String| vec![("count", "0".to_owned()), ("fields", fields)];
    let costly = vec![("query", format!(r#"{{"$expr":{{"$gte":[{COSTLY},0]}}}}"#))];
    let mut attacks = vec![
        asks("pattern of groups", vec![("query", calls(15_000))]),
        asks("pattern within limits", vec![("query", calls(900))]),
        asks("doubled texts", whole_room(format!(r#"{{"x":{}}}"#, doubled(20)))),
        asks("long replies", whole_room(format!(r#"{{"x":{}}}"#, doubled(12)))),
        asks("many searches", whole_room(format!(r#"{{"x":{}}}"#, searches(15_000)))),
        asks("searches in limits", whole_room(format!(r#"{{"x":{}}}"#, searches(900)))),
        asks(
            "backtracking",
            vec![("query", r#"{"text":{"$regex":"^(?=(a|b|ab)*c)(a|b)+$"}}"#.into())],
        ),
        asks("big sort", vec![("count", "0".into()), ("sort", r#"{"text":1,"numbers":1}"#.into())]),
    ];
    let costly_field = whole_room(format!(r#"{{"x":{COSTLY}}}"#));
    attacks
        .push(attack("hung up", move |address, world| hung_up(address, world, &costly_field, 5)));
    attacks.push(attack("520 slow", move |address, world| {
        hung_up(address, world, &costly, 520 / share)
    }));
    attacks.push(attack("half headers", move |address, world| half(address, world, 1_015 / share)));
    let large = whole_room(format!(r#"{{"x":{}}}"#, doubled(9)));
    attacks.push(attack("unread replies", move |address, world| unread(address, world, &large)));
    attacks.push(attack("2,000 connections", move |address, world| {
        connections(address, world, 2_000 / share)
    }));
    attacks.push(attack("digits", digits));
    attacks
        .push(attack("generated", move |address, world| generate(address, world, generated, seed)));
    attacks
}

fn attack(name: &'static str, run: impl Fn(&str, &World) -> String + 'static) -> Attack {
    Attack { name, run: Box::new(run) }
}

/// One request, four times at once.
fn asks(name: &'static str, pairs: Vec<(&'static str, String)>) -> Attack {
    attack(name, move |address, world| {
        let text = request(world, &pairs);
        let streams: Vec<Option<TcpStream>> = (0..4).map(|_| sent(address, &text)).collect();
        answers(streams)
    })
}

fn request(world: &World, pairs: &[(&str, String)]) -> String {
    let pairs: Vec<(&str, &str)> =
        pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    head(world, ATTACKER, &parameters(&pairs))
}

/// How many answers of each status there were.
fn answers(streams: Vec<Option<TcpStream>>) -> String {
    let mut statuses = BTreeMap::<u16, usize>::new();
    for stream in streams {
        let status = stream.map_or(0, |mut stream| answer(&mut stream).0);
        *statuses.entry(status).or_default() += 1;
    }
    let told: Vec<String> =
        statuses.iter().map(|(status, number)| format!("{number} x {status}")).collect();
    told.join(", ")
}

/// A call in a loop, of a pattern with so many groups, on a text of 32 KiB.
fn calls(groups: usize) -> String {
    let pattern = format!("(a|b)(?(DEFINE){})(?:(?1))*c", "()".repeat(groups));
    let text = r#"{"$reduce":{"input":{"$range":[0,4096]},"initialValue":{"$toString":"$name"},"in":{"$concat":["$$value","abababab"]}}}"#;
    format!(r#"{{"$expr":{{"$regexMatch":{{"input":{text},"regex":"{pattern}"}}}}}}"#)
}

/// The name, doubled so many times.
fn doubled(times: usize) -> String {
    (0..times).fold(r#"{"$toString":"$name"}"#.to_owned(), |inner, _| {
        format!(r#"{{"$let":{{"vars":{{"v":{inner}}},"in":{{"$concat":["$$v","$$v"]}}}}}}"#)
    })
}

fn searches(groups: usize) -> String {
    let pattern = "()".repeat(groups);
    format!(
        r#"{{"$map":{{"input":"$numbers","in":{{"$regexFind":{{"input":"$name","regex":"{pattern}"}}}}}}}}"#
    )
}

/// Requests whose clients leave before there is an answer.
fn hung_up(address: &str, world: &World, pairs: &[(&str, String)], clients: usize) -> String {
    let text = request(world, pairs);
    let streams: Vec<Option<TcpStream>> = (0..clients).map(|_| sent(address, &text)).collect();
    thread::sleep(world.times.client / 5);
    format!("{} hung up", streams.into_iter().flatten().count())
}

/// Clients that send half a header and wait to be closed.
fn half(address: &str, world: &World, clients: usize) -> String {
    let text = head(world, ATTACKER, "");
    let (text, _) = text.split_at(text.len() - 10);
    let streams: Vec<Option<TcpStream>> = (0..clients).map(|_| sent(address, text)).collect();
    let open = streams.iter().flatten().count();
    format!("{open} open, closed with {}", answers(streams))
}

/// Clients that ask for much and read nothing.
fn unread(address: &str, world: &World, pairs: &[(&str, String)]) -> String {
    let text = request(world, pairs);
    let streams: Vec<Option<TcpStream>> = (0..5).map(|_| sent(address, &text)).collect();
    thread::sleep(world.times.client + Duration::from_secs(5));
    format!("{} read nothing", streams.into_iter().flatten().count())
}

/// Clients that ask for a page each and stay.
fn connections(address: &str, world: &World, clients: usize) -> String {
    let text = head(world, ATTACKER, "&count=1");
    answers((0..clients).map(|_| sent(address, &text)).collect())
}

/// Guesses at what the attacker may not see: all of them must be answered alike.
fn digits(address: &str, world: &World) -> String {
    let guess = |digit: u8| {
        let query = format!(r#"{{"$expr":{{"$gte":["$share",{{"by":"u","token":"{digit}"}}]}}}}"#);
        let pairs = [("query", query), ("count", "1".to_owned())];
        let stream = sent(address, &request(world, &pairs));
        stream.map_or((0, String::new()), |mut stream| answer(&mut stream))
    };
    let first = guess(0);
    match (1..10).all(|digit| guess(digit) == first) {
        true => format!("10 x {}, all alike", first.0),
        false => "guesses are told apart".to_owned(),
    }
}

/// Costly requests, four at a time.
fn generate(address: &str, world: &World, number: usize, seed: u64) -> String {
    let mut random = Rng::with_seed(seed);
    let mut statuses = BTreeMap::<u16, usize>::new();
    for _ in 0..number.div_ceil(4) {
        let streams: Vec<Option<TcpStream>> =
            (0..4).map(|_| sent(address, &request(world, &generated(&mut random)))).collect();
        // Some stay for the answer, some go.
        thread::sleep(Duration::from_millis(200));
        for mut stream in streams.into_iter().flatten().take(random.usize(0..4)) {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
            *statuses.entry(answer(&mut stream).0).or_default() += 1;
        }
    }
    let told: Vec<String> =
        statuses.iter().map(|(status, number)| format!("{number} x {status}")).collect();
    told.join(", ")
}

fn generated(random: &mut Rng) -> Vec<(&'static str, String)> {
    let expression = expression(random, 4);
    match random.u8(0..5) {
        0 => vec![("query", format!(r#"{{"$expr":{{"$ne":[{expression},0]}}}}"#))],
        1 => vec![("count", "0".into()), ("fields", format!(r#"{{"x":{expression}}}"#))],
        2 => vec![("query", format!(r#"{{"text":{{"$regex":"{}"}}}}"#, pattern(random)))],
        3 => vec![("count", "0".into()), ("sort", r#"{"text":1,"name":1,"numbers":-1}"#.into())],
        _ => vec![(
            "query",
            format!(
                r#"{{"$jsonSchema":{{"patternProperties":{{"{}":{{"minLength":1}}}},"properties":{{"numbers":{{"uniqueItems":true}}}}}}}}"#,
                pattern(random)
            ),
        )],
    }
}

fn pattern(random: &mut Rng) -> String {
    let parts =
        ["(a|b)", "(?=a)", "(?:ab)*", "(a+)+", r"\\1", "(?1)", "[ab]{1,200}", ".*", "(?!c)", "a?"];
    (0..random.usize(2..8)).filter_map(|_| random.choice(parts)).collect::<String>() + "c"
}

fn expression(random: &mut Rng, depth: usize) -> String {
    if depth == 0 {
        let leaves = ["\"$name\"", "\"$text\"", "\"$numbers\"", "\"$$ROOT\"", "7", "\"$size\""];
        return random.choice(leaves).unwrap_or("1").to_owned();
    }
    let (a, b) = (expression(random, depth - 1), expression(random, depth - 1));
    match random.u8(0..9) {
        0 => format!(r#"{{"$map":{{"input":"$numbers","in":{a}}}}}"#),
        1 => r#"{"$reduce":{"input":{"$range":[0,5000]},"initialValue":"","in":{"$concat":["$$value",{"$toString":{"$size":"$numbers"}}]}}}"#.to_owned(),
        2 => format!(r#"{{"$concatArrays":["$numbers","$numbers",[{a},{b}]]}}"#),
        3 => format!(
            r#"{{"$sortArray":{{"input":{{"$concatArrays":["$numbers",[{a}]]}},"sortBy":-1}}}}"#
        ),
        4 => format!(
            r#"{{"$regexFindAll":{{"input":{{"$toString":"$text"}},"regex":"{}"}}}}"#,
            pattern(random)
        ),
        5 => format!(r#"{{"$setUnion":[["x",{a}],"$numbers"]}}"#),
        6 => format!(r#"{{"$let":{{"vars":{{"v":[{a},{b}]}},"in":["$$v","$$v","$$v"]}}}}"#),
        7 => format!(r#"{{"$objectToArray":{{"a":{a},"b":{b}}}}}"#),
        _ => r#"{"$split":[{"$toString":"$text"},"a"]}"#.to_owned(),
    }
}
