//! Users, their ranks and their tags.
//!
//! This file knows no tokens and no rooms.

use serde::{Deserialize, Serialize};

/// A user, as a directory tells of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct User {
    /// The id that records name in `userId`.
    #[serde(rename = "_id")]
    pub id: String,
    /// The name to log in with.
    pub username: String,
    /// The name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The rank, which decides whose files `/api/user/files` lists for this user.
    #[serde(default)]
    pub role: Role,
}

/// A rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum Role {
    /// Sees his own files.
    #[default]
    User,
    /// Sees the files of users too.
    Admin,
    /// Sees the files of users and admins too.
    SuperAdmin,
}

/// A tag a user has made. Records name it by id in `tags`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tag {
    /// What records and searches name.
    pub id: String,
    /// When it was made, as ISO 8601 text.
    #[serde(default)]
    pub created_at: String,
    /// When it was last changed, as ISO 8601 text.
    #[serde(default)]
    pub updated_at: String,
    /// The name to show.
    #[serde(default)]
    pub name: String,
    /// The colour to show, such as `#ff0000`.
    #[serde(default)]
    pub color: String,
}

impl User {
    /// A user of the lowest rank without a name to show.
    pub fn new(id: impl Into<String>, username: impl Into<String>) -> User {
        User { id: id.into(), username: username.into(), name: None, role: Role::User }
    }

    /// The same user with a name to show.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> User {
        self.name = Some(name.into());
        self
    }

    /// The same user with that rank.
    #[must_use]
    pub fn ranked(mut self, role: Role) -> User {
        self.role = role;
        self
    }

    /// Whether this user may see the other's files: his own, and those of any lower rank.
    ///
    /// ```
    /// use filedex::{Role, User};
    /// let (ada, ben) = (User::new("a", "ada").ranked(Role::Admin), User::new("b", "ben"));
    /// assert!(ada.may_see_files_of(&ben));
    /// assert!(!ben.may_see_files_of(&ada));
    /// assert!(!ada.may_see_files_of(&User::new("c", "cyd").ranked(Role::Admin)));
    /// ```
    pub fn may_see_files_of(&self, other: &User) -> bool {
        self.id == other.id || self.role > other.role
    }
}
