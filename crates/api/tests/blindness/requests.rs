//! Requests that look for what their caller may not see.

use filedex::{
    ApiError, Endpoints, FilesParams, ImagesParams, Order, SearchField, Shown, SortBy, User,
    UserFilesParams,
};

use super::choices::Choices;
use super::records::{ROOM, USER};

/// A call of an endpoint.
#[derive(Debug)]
pub enum Request {
    Files(FilesParams),
    Images(ImagesParams),
    User(UserFilesParams),
}

impl Request {
    pub fn draw(choices: &mut Choices<'_>) -> Request {
        match choices.below(12) {
            0 => Request::Images(images(choices)),
            1 => Request::User(user_files(choices)),
            _ => Request::Files(files(choices)),
        }
    }

    /// Status and body.
    pub fn ask(&self, endpoints: &Endpoints) -> (u16, String) {
        let caller = User::new(USER, "ada");
        let body = match self {
            Request::Files(params) => endpoints.groups_files(&caller, params).map(|p| p.to_json()),
            Request::Images(params) => endpoints.rooms_images(&caller, params).map(|p| p.to_json()),
            Request::User(params) => endpoints.user_files(&caller, params).map(|p| p.to_json()),
        };
        let text = |bytes| String::from_utf8(bytes).expect("a text");
        body.map_or_else(
            |error: ApiError| (error.status().as_u16(), text(error.body())),
            |body| (200, text(body)),
        )
    }
}

fn files(choices: &mut Choices<'_>) -> FilesParams {
    let mut params = FilesParams::of(ROOM);
    if !choices.once_in(4) {
        params = params.query(filter(choices, 3));
    }
    if choices.once_in(2) {
        params = params.sort(sort(choices));
    }
    if choices.once_in(2) {
        params = params.fields(fields(choices));
    }
    params.count = choices.of(&[Some(0), Some(0), Some(2), None]);
    params.offset = choices.of(&[0, 0, 1, 3]);
    if choices.once_in(8) {
        params = params.name(choices.of(&["7", "png", "("]));
    }
    if choices.once_in(8) {
        params = params.type_group(choices.of(&["image", "thumb", "odd"]));
    }
    if choices.once_in(8) {
        params = params.only_confirmed();
    }
    params
}

fn images(choices: &mut Choices<'_>) -> ImagesParams {
    let mut params = ImagesParams::of(ROOM);
    let id = choices.of(&["v00", "v01", "v07", "o00", "o11", "p00", "none"]);
    params.starting_from_id = choices.once_in(2).then(|| id.to_owned());
    params.count = choices.of(&[None, Some(2), Some(0)]);
    params.offset = choices.of(&[0, 1, 2]);
    params
}

fn user_files(choices: &mut Choices<'_>) -> UserFilesParams {
    let mut params = UserFilesParams::page(1);
    params.per_page = std::num::NonZeroU64::new(choices.of(&[1, 5, 50]));
    params.sort_by = choices.of(&[SortBy::CreatedAt, SortBy::OriginalName, SortBy::Size]);
    params.order = choices.of(&[Order::Ascending, Order::Descending]);
    params.filter = choices.of(&[Shown::None, Shown::Dashboard, Shown::All]);
    params.favorite = choices.once_in(4);
    if choices.once_in(3) {
        params.search_query = choices.of(&["7", "x", "o0"]).to_owned();
        params.search_field = choices.of(&[SearchField::Name, SearchField::Id, SearchField::Type]);
    }
    params
}

const PATHS: [&str; 22] = [
    "name",
    "size",
    "share",
    "list",
    "_id",
    "userId",
    "rid",
    "uploadedAt",
    "typeGroup",
    "_hidden",
    "tags",
    "share.n",
    "share.deep",
    "list.n",
    "list.0",
    "list.deep.n",
    "tags.1",
    "missing",
    "expiresAt",
    "share.token",
    "secret",
    "list.password",
];

fn path(choices: &mut Choices<'_>) -> &'static str {
    // The last few are refused by name: seldom.
    let most = if choices.once_in(40) { PATHS.len() } else { PATHS.len() - 3 };
    PATHS[choices.below(most)]
}

fn value(choices: &mut Choices<'_>) -> &'static str {
    choices.of(&[
        "null",
        "0",
        "1",
        "7",
        r#""7""#,
        r#""image""#,
        r#""u1""#,
        r#""u2""#,
        r#"{"n":1}"#,
        "[]",
        "{}",
        r#"{"n":1,"token":"5"}"#,
        r#"{"$date":"2023-11-15T22:13:20Z"}"#,
        "true",
        r#""v05""#,
        r#"[{"n":1}]"#,
        r#""G2""#,
    ])
}

fn filter(choices: &mut Choices<'_>, depth: usize) -> String {
    let branch = if depth == 0 { 8 } else { 0 };
    match branch + choices.below(12 - branch / 2) {
        0 => format!(r#"{{"$expr":{}}}"#, expression(choices, 3)),
        1 => format!(r#"{{"$expr":{}}}"#, expression(choices, 4)),
        2 => format!(r#"{{"$jsonSchema":{}}}"#, schema(choices, 2)),
        3 => {
            format!(r#"{{"$and":[{},{}]}}"#, filter(choices, depth - 1), filter(choices, depth - 1))
        }
        4 => {
            format!(r#"{{"$or":[{},{}]}}"#, filter(choices, depth - 1), filter(choices, depth - 1))
        }
        5 => format!(r#"{{"$nor":[{}]}}"#, filter(choices, depth - 1)),
        6 => {
            let inner = filter(choices, depth - 1);
            format!(r#"{{"{}":{{"$elemMatch":{inner}}}}}"#, choices.of(&["list", "tags", "share"]))
        }
        7 => match choices.once_in(2) {
            false => r#"{"userId":{"$in":["u1","u2"]}}"#.to_owned(),
            true => {
                let fails = expression(choices, 2);
                format!(r#"{{"userId":{{"$in":["u1","u2"]}},"$expr":{fails}}}"#)
            }
        },
        8 => format!(r#"{{"{}":{}}}"#, path(choices), value(choices)),
        9 => r#"{"userId":"u2"}"#.to_owned(),
        _ => format!(r#"{{"{}":{}}}"#, path(choices), test(choices)),
    }
}

fn test(choices: &mut Choices<'_>) -> String {
    let operand = value(choices);
    match choices.below(10) {
        0 => format!(r#"{{"$gt":{operand}}}"#),
        1 => format!(r#"{{"$gte":{operand}}}"#),
        2 => format!(r#"{{"$lt":{operand}}}"#),
        3 => format!(r#"{{"$in":[{operand},{}]}}"#, value(choices)),
        4 => r#"{"$exists":false}"#.to_owned(),
        5 => format!(r#"{{"$size":{}}}"#, choices.below(4)),
        6 => r#"{"$regex":"^(7|x)"}"#.to_owned(),
        7 => r#"{"$type":"object"}"#.to_owned(),
        8 => format!(r#"{{"$not":{{"$lte":{operand}}}}}"#),
        _ => format!(r#"{{"$ne":{operand}}}"#),
    }
}

fn schema(choices: &mut Choices<'_>, depth: usize) -> String {
    if depth == 0 {
        return choices
            .of(&["{}", r#"{"pattern":"5"}"#, r#"{"minProperties":2}"#, r#"{"minItems":1}"#])
            .to_owned();
    }
    let inner = schema(choices, depth - 1);
    match choices.below(8) {
        0 => format!(r#"{{"minProperties":{}}}"#, choices.below(12)),
        1 => format!(r#"{{"maxProperties":{}}}"#, choices.below(12)),
        2 => format!(r#"{{"patternProperties":{{"^(t|s|p)":{inner}}}}}"#),
        3 => format!(r#"{{"additionalProperties":{inner}}}"#),
        4 => format!(r#"{{"required":["{}"]}}"#, choices.of(&["token", "share", "secret"])),
        5 => format!(r#"{{"properties":{{"share":{inner},"list":{inner}}}}}"#),
        6 => format!(r#"{{"properties":{{"list":{{"items":{inner}}}}}}}"#),
        _ => format!(r#"{{"dependencies":{{"share":["password"],"list":{inner}}}}}"#),
    }
}

fn sort(choices: &mut Choices<'_>) -> String {
    let keys: Vec<String> = (0..choices.of(&[1, 1, 2, 3, 0]))
        .map(|_| format!(r#""{}":{}"#, path(choices), choices.of(&["1", "-1"])))
        .collect();
    format!("{{{}}}", keys.join(","))
}

fn fields(choices: &mut Choices<'_>) -> String {
    let fields: Vec<String> = (0..1 + choices.below(3))
        .map(|number| match choices.below(9) {
            0 => format!(r#""{}":0"#, path(choices)),
            1 => format!(r#""{}":{{"$slice":1}}"#, choices.of(&["list", "tags"])),
            2 => r#""list.$":1"#.to_owned(),
            3 => r#""list":{"$elemMatch":{"n":{"$gte":1}}}"#.to_owned(),
            4 | 5 => format!(r#""x{number}":{}"#, expression(choices, 3)),
            6 => format!(r#""share.y":{}"#, expression(choices, 2)),
            _ => format!(r#""{}":1"#, path(choices)),
        })
        .collect();
    format!("{{{}}}", fields.join(","))
}

fn leaf(choices: &mut Choices<'_>) -> String {
    let leaf = choices.of(&[
        r#""$name""#,
        r#""$size""#,
        r#""$share""#,
        r#""$list""#,
        r#""$tags""#,
        r#""$$ROOT""#,
        r#""$$CURRENT""#,
        r#""$share.n""#,
        r#""$list.n""#,
        r#""$share.deep""#,
        "1",
        "0",
        r#""7""#,
        r#"{"n":1,"token":"5"}"#,
        "[]",
        r#"{"$literal":{"n":1,"token":"5"}}"#,
        r#""$missing""#,
        r#""$userId""#,
        r#""$uploadedAt""#,
        r#""$_id""#,
    ]);
    leaf.to_owned()
}

fn expression(choices: &mut Choices<'_>, depth: usize) -> String {
    if depth == 0 || choices.is_spent() {
        return leaf(choices);
    }
    let mut inner = || expression(choices, depth - 1);
    let (a, b) = (inner(), inner());
    let name = choices.of(&[
        r#""token""#,
        r#""secret""#,
        r#"{"$concat":["pass","word"]}"#,
        r#""share""#,
        r#""n""#,
    ]);
    match choices.below(36) {
        0 => format!(r#"{{"$objectToArray":{a}}}"#),
        1 => format!(r#"{{"$size":{{"$objectToArray":{a}}}}}"#),
        2 => format!(r#"{{"$gte":[{a},{b}]}}"#),
        3 => format!(r#"{{"$cmp":[{a},{b}]}}"#),
        4 => format!(r#"{{"$eq":[{a},{b}]}}"#),
        5 => format!(r#"{{"$toInt":{a}}}"#),
        6 => format!(r#"{{"$divide":[{a},{b}]}}"#),
        7 => format!(r#"{{"$concat":[{a},"|",{b}]}}"#),
        8 => format!(r#"{{"$getField":{{"field":{name},"input":{a}}}}}"#),
        9 => format!(r#"{{"$getField":{name}}}"#),
        10 => format!(r#"{{"$setField":{{"field":"x","input":{a},"value":{b}}}}}"#),
        11 => format!(r#"{{"$unsetField":{{"field":"n","input":{a}}}}}"#),
        12 => format!(r#"{{"$mergeObjects":[{a},{b}]}}"#),
        13 => format!(r#"{{"$sortArray":{{"input":{a},"sortBy":{{"{}":1}}}}}}"#, "token"),
        14 => format!(r#"{{"$sortArray":{{"input":{a},"sortBy":1}}}}"#),
        15 => format!(r#"{{"$map":{{"input":{a},"in":"$$this.n"}}}}"#),
        16 => format!(
            r#"{{"$map":{{"input":{a},"in":{{"$getField":{{"field":{name},"input":"$$this"}}}}}}}}"#
        ),
        17 => format!(r#"{{"$filter":{{"input":{a},"cond":{{"$gt":["$$this",{b}]}}}}}}"#),
        18 => format!(
            r#"{{"$reduce":{{"input":{a},"initialValue":"","in":{{"$concat":["$$value",{{"$toString":"$$this"}}]}}}}}}"#
        ),
        19 => format!(r#"{{"$arrayElemAt":[{a},0]}}"#),
        20 => format!(r#"{{"$bsonSize":{a}}}"#),
        21 => format!(r#"{{"$max":[{a},{b}]}}"#),
        22 => format!(r#"{{"$setUnion":[{a},{b}]}}"#),
        23 => format!(r#"{{"$in":[{a},{b}]}}"#),
        24 => format!(r#"{{"$indexOfArray":[{a},{b}]}}"#),
        25 => format!(r#"{{"$type":{a}}}"#),
        26 => {
            format!(r#"{{"$let":{{"vars":{{"r":{a}}},"in":{{"$ifNull":["$$r.secret","$$r"]}}}}}}"#)
        }
        27 => format!(r#"{{"$cond":[{a},{b},"$$ROOT"]}}"#),
        28 => format!(r#"{{"$toString":{a}}}"#),
        29 => format!(r#"{{"$strLenCP":{a}}}"#),
        30 => format!(r#"{{"$zip":{{"inputs":[{a},{b}]}}}}"#),
        31 => format!(r#"{{"$concatArrays":[{a},{b}]}}"#),
        32 => format!(r#"{{"$not":[{a}]}}"#),
        33 => format!(r#"{{"$arrayToObject":{a}}}"#),
        34 => format!(r#"{{"$slice":[{a},1]}}"#),
        _ => format!(r#"{{"$maxN":{{"n":2,"input":{a}}}}}"#),
    }
}
