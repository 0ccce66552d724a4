//! No stored bytes make a reader panic, and what passes the check survives a round trip.
#![no_main]

use filedex_query::packed::{self, PackedDocument};
use filedex_query::{Arrays, DocumentRef, Limits, Path};
use libfuzzer_sys::fuzz_target;
use std::ops::ControlFlow;

fuzz_target!(|bytes: &[u8]| {
    let stored = PackedDocument::new(bytes);
    let whole = stored.check();
    let _ = stored.get("name");
    let path = Path::parse("identify.size.0.width", &Limits::default()).expect("a path");
    let document = DocumentRef::from(stored);
    let _ = path.walk(document, Arrays::Expand, &mut |_| ControlFlow::Continue(()));
    for (name, _) in document.iter() {
        let _ = document.get(name);
    }
    if whole {
        let document = document.to_document();
        let again = packed::pack(&document);
        assert_eq!(PackedDocument::new(&again).check(), true);
        assert_eq!(DocumentRef::from(PackedDocument::new(&again)).to_document(), document);
    }
});
