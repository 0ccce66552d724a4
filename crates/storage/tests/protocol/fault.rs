//! Deliberate faults, each of which the check must find.

/// A step left out, or out of its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The next version is linked after the tree has changed.
    LinksAfterTheTree,
    /// The next version is published before the tree is changed.
    PublishesBeforeTheTree,
    /// A reader asks the chain before it reads the tree.
    AsksTheChainFirst,
    /// What was read is kept whichever version it is of.
    KeepsOfAnyVersion,
    /// What changes is forgotten before nothing old is taken in any more.
    ForgetsBeforeItBegins,
    /// Files are retired before the version without them is published.
    RetiresBeforeItPublishes,
    /// Files are removed at once instead of by the last that reads them.
    RemovesAtOnce,
    /// A memtable is frozen while a write is worked out.
    FreezesWithoutTheTurn,
    /// Columns learn of what changed after others can read it.
    NotesColumnsAfterPublishing,
    /// A record kept in memory is given to readers of any version.
    GivesRecordsToAnyVersion,
    /// Files are written anew with nothing frozen, and what was frozen meanwhile is let go with it.
    LetsGoOfWhatItDidNotWrite,
    /// That a memtable is frozen is noted after a checkpointer can see it.
    SaysThatItFrozeTooLate,
    /// A log is begun while the one before it holds writes back.
    BeginsALogBehindAGap,
}

pub(crate) const ALL: [Fault; 13] = [
    Fault::LinksAfterTheTree,
    Fault::PublishesBeforeTheTree,
    Fault::AsksTheChainFirst,
    Fault::KeepsOfAnyVersion,
    Fault::ForgetsBeforeItBegins,
    Fault::RetiresBeforeItPublishes,
    Fault::RemovesAtOnce,
    Fault::FreezesWithoutTheTurn,
    Fault::NotesColumnsAfterPublishing,
    Fault::GivesRecordsToAnyVersion,
    Fault::LetsGoOfWhatItDidNotWrite,
    Fault::SaysThatItFrozeTooLate,
    Fault::BeginsALogBehindAGap,
];
