//! Rooms and their kinds.
//!
//! This file knows no members; who may read a room is [`super::Directory::may_access`].

use serde::{Deserialize, Serialize};

/// A room, as a directory tells of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Room {
    /// The id that records name in `rid`.
    #[serde(rename = "_id")]
    pub id: String,
    /// The name, for kinds that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The kind, which decides the endpoint that lists it.
    #[serde(rename = "type")]
    pub kind: RoomKind,
}

/// A room's kind: Rocket.Chat's letter `t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RoomKind {
    /// `c`: a public channel.
    #[serde(rename = "c")]
    Channel,
    /// `p`: a private group.
    #[serde(rename = "p")]
    Group,
    /// `d`: a direct conversation.
    #[serde(rename = "d")]
    Direct,
    /// `l`: a conversation with a visitor, listed as channels are.
    #[serde(rename = "l")]
    Omnichannel,
    /// `v`: a voice room, which no endpoint lists.
    #[serde(rename = "v")]
    Voice,
}

impl Room {
    /// A room without a name.
    pub fn new(id: impl Into<String>, kind: RoomKind) -> Room {
        Room { id: id.into(), name: None, kind }
    }

    /// The same room with a name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Room {
        self.name = Some(name.into());
        self
    }
}
