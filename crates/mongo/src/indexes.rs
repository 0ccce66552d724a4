//! The indexes that lookups want, made when the host says so and not before.

use filedex::Result;
use mongodb::IndexModel;
use mongodb::bson::{Document as Command, doc};

use crate::connection::Connection;

impl Connection {
    /// Makes them where they are not there yet.
    pub(crate) fn make_indexes(&self) -> Result<()> {
        self.check_writable()?;
        self.try_again(|servers| async move {
            servers.records.create_indexes(wanted().into_iter().map(model)).await.map(|_| ())
        })
    }
}

fn model(keys: Command) -> IndexModel {
    IndexModel::builder().keys(keys).build()
}

/// Rooms newest first, a room's type groups newest first, a room's counts, users newest first.
fn wanted() -> [Command; 4] {
    [
        doc! { "rid": 1, "uploadedAt": -1, "_id": -1 },
        doc! { "rid": 1, "typeGroup": 1, "uploadedAt": -1, "_id": -1 },
        doc! { "rid": 1, "_hidden": 1, "typeGroup": 1 },
        doc! { "userId": 1, "uploadedAt": -1, "_id": -1 },
    ]
}
