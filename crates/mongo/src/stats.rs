//! What the collection holds, counted by the servers.

use std::collections::BTreeMap;

use filedex::{Result, Stats};
use futures_util::TryStreamExt as _;
use mongodb::bson::{Bson, Document as Command, doc};
use mongodb::error::Error as DriverError;

use crate::connection::{Connection, Servers};
use crate::counts::GROUPS;

impl Connection {
    pub(crate) fn stats(&self) -> Result<Stats> {
        let counted = self.try_again(|servers| async move { count(&servers).await })?;
        let mut stats = Stats::default();
        for (group, number) in counted.groups {
            stats.records += number;
            *stats.type_groups.entry(group).or_default() += number;
        }
        stats.rooms = counted.rooms;
        stats.users = counted.users;
        stats.disk_bytes = counted.disk_bytes;
        Ok(stats)
    }
}

type Driven<T> = std::result::Result<T, DriverError>;

#[derive(Default)]
struct Counted {
    groups: BTreeMap<String, u64>,
    rooms: u64,
    users: u64,
    disk_bytes: u64,
}

async fn count(servers: &Servers) -> Driven<Counted> {
    let mut counted = Counted::default();
    for group in each(servers, "$typeGroup").await? {
        let number = number(group.get("n"));
        *counted.groups.entry(name(group.get("_id"))).or_default() += number;
    }
    counted.rooms = each(servers, "$rid").await?.len() as u64;
    let users = each(servers, "$userId").await?;
    counted.users =
        users.iter().filter(|user| !matches!(user.get("_id"), None | Some(Bson::Null))).count()
            as u64;
    counted.disk_bytes = bytes(servers).await.unwrap_or_default();
    Ok(counted)
}

async fn each(servers: &Servers, field: &str) -> Driven<Vec<Command>> {
    let group = doc! { "$group": { "_id": field, "n": { "$sum": 1_i64 } } };
    servers.records.aggregate([group]).await?.try_collect().await
}

/// Bytes of records and indexes, from servers that say so.
async fn bytes(servers: &Servers) -> Driven<u64> {
    let command = doc! { "collStats": servers.name() };
    let reply = servers.database.run_command(command).await?;
    Ok(number(reply.get("storageSize")) + number(reply.get("totalIndexSize")))
}

fn name(group: Option<&Bson>) -> String {
    match group {
        None | Some(Bson::Null) => "(none)".to_owned(),
        Some(Bson::String(group)) if GROUPS.contains(&group.as_str()) => group.clone(),
        Some(_) => "(other)".to_owned(),
    }
}

fn number(number: Option<&Bson>) -> u64 {
    match number {
        Some(Bson::Int32(number)) => u64::try_from(*number).unwrap_or_default(),
        Some(Bson::Int64(number)) => u64::try_from(*number).unwrap_or_default(),
        Some(Bson::Double(number)) => *number as u64,
        _ => 0,
    }
}
