//! `doc!`: a document written as its JSON.
//!
//! This file knows how a document is written in code; what can be a value is `Value::from`'s.

/// A [`Document`](crate::Document) as its JSON would be written: names are texts, or expressions in
/// parentheses; values are `null`, documents in braces, arrays in brackets, and whatever
/// [`Value::from`](crate::Value) takes.
///
/// ```
/// # use filedex_query as filedex;
/// use filedex::{Date, doc};
/// let (field, size) = ("size", 78_441_u64);
/// let file = doc! {
///     "_id": "a",
///     (field): size,
///     "uploadedAt": Date(0),
///     "tags": ["red", null, { "by": ["ada"] }],
///     "folderId": None::<String>,
/// };
/// assert_eq!(file.get_i64("size"), Some(78_441));
/// assert_eq!(doc! { "size": { "$gt": 8 * 1024 } }.to_string(), r#"{"size":{"$gt":8192}}"#);
/// assert!(doc! {}.is_empty());
/// ```
#[macro_export]
macro_rules! doc {
    (@fields $document:ident) => {};
    (@fields $document:ident $name:tt : null $(, $($rest:tt)*)?) => {
        $document.push($name, $crate::Value::Null);
        $crate::doc!(@fields $document $($($rest)*)?);
    };
    (@fields $document:ident $name:tt : { $($inner:tt)* } $(, $($rest:tt)*)?) => {
        $document.push($name, $crate::doc! { $($inner)* });
        $crate::doc!(@fields $document $($($rest)*)?);
    };
    (@fields $document:ident $name:tt : [ $($inner:tt)* ] $(, $($rest:tt)*)?) => {
        $document.push($name, $crate::doc!(@array $($inner)*));
        $crate::doc!(@fields $document $($($rest)*)?);
    };
    (@fields $document:ident $name:tt : $value:expr $(, $($rest:tt)*)?) => {
        $document.push($name, $crate::Value::from($value));
        $crate::doc!(@fields $document $($($rest)*)?);
    };
    (@array $($members:tt)*) => {{
        #[allow(unused_mut)]
        let mut array: ::std::vec::Vec<$crate::Value> = ::std::vec::Vec::new();
        $crate::doc!(@members array $($members)*);
        $crate::Value::Array(array)
    }};
    (@members $array:ident) => {};
    (@members $array:ident null $(, $($rest:tt)*)?) => {
        $array.push($crate::Value::Null);
        $crate::doc!(@members $array $($($rest)*)?);
    };
    (@members $array:ident { $($inner:tt)* } $(, $($rest:tt)*)?) => {
        $array.push($crate::Value::Document($crate::doc! { $($inner)* }));
        $crate::doc!(@members $array $($($rest)*)?);
    };
    (@members $array:ident [ $($inner:tt)* ] $(, $($rest:tt)*)?) => {
        $array.push($crate::doc!(@array $($inner)*));
        $crate::doc!(@members $array $($($rest)*)?);
    };
    (@members $array:ident $value:expr $(, $($rest:tt)*)?) => {
        $array.push($crate::Value::from($value));
        $crate::doc!(@members $array $($($rest)*)?);
    };
    ($($fields:tt)*) => {{
        #[allow(unused_mut)]
        let mut document = $crate::Document::new();
        $crate::doc!(@fields document $($fields)*);
        document
    }};
}
