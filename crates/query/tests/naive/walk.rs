//! What a dotted path yields, gathered into a list. `None` in the list is "missing".

use filedex_query::{Document, Value};

/// Everything a filter on this path looks at. `expand`: a leaf array yields its elements, too.
pub(crate) fn values(document: &Document, path: &str, expand: bool) -> Vec<Option<Value>> {
    let parts: Vec<&str> = path.split('.').collect();
    let mut out = Vec::new();
    in_document(document, &parts, expand, &mut out);
    out
}

/// An array read as a document with its indexes as names.
pub(crate) fn by_index(array: &[Value]) -> Document {
    let mut document = Document::new();
    for (index, value) in array.iter().enumerate() {
        document.push(index.to_string(), value.clone());
    }
    document
}

fn in_document(document: &Document, parts: &[&str], expand: bool, out: &mut Vec<Option<Value>>) {
    match document.get(parts[0]) {
        None => out.push(None),
        Some(value) if parts.len() == 1 => {
            if let (Value::Array(array), true) = (value, expand) {
                out.extend(array.iter().cloned().map(Some));
            }
            out.push(Some(value.clone()));
        }
        Some(Value::Document(inner)) => in_document(inner, &parts[1..], expand, out),
        Some(Value::Array(inner)) => in_array(inner, &parts[1..], expand, out),
        Some(_) => out.push(None),
    }
}

fn in_array(array: &[Value], parts: &[&str], expand: bool, out: &mut Vec<Option<Value>>) {
    for (index, element) in array.iter().enumerate() {
        if let Value::Document(inner) = element {
            in_document(inner, parts, expand, out);
        }
        if parts[0] != index.to_string() {
            continue;
        }
        match element {
            whole if parts.len() == 1 => out.push(Some(whole.clone())),
            Value::Document(inner) => in_document(inner, &parts[1..], expand, out),
            Value::Array(inner) => in_array(inner, &parts[1..], expand, out),
            _ => {}
        }
    }
}
