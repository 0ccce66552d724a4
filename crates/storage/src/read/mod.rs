//! Plans being run over one state: which way leads to the records, which of them belong to the answer, and
//! where they go.
//!
//! Gives out: [`Access`] (the way), [`Execution`] (the walk along it), [`Collector`] and [`Window`] (what is
//! kept), [`Figure`] (what is worked out of all of them), [`Start`] (a place in the order), [`Watch`] (what ends
//! it), [`Explain`] (what it cost).
//!
//! # Invariants
//! Running a plan is filtering and sorting a full scan, whichever way is taken. Whole blocks are passed over
//! by their counts, with what memtables change of these. Whoever reads charges the account of the request.

pub(crate) mod access;
mod between;
mod candidates;
mod collector;
mod columnar;
mod counts;
pub(crate) mod execution;
mod explain;
mod figure;
mod firsts;
mod frame;
mod here;
mod judge;
mod neighbours;
mod ordering;
mod part;
mod patches;
mod place;
mod projected;
mod ranked;
mod reply;
mod residual;
mod scan;
mod scanned;
mod second;
mod segments;
mod shown;
mod skip;
mod told;
mod watch;
mod window;
mod zones;

pub use access::Way;
pub(crate) use access::{Access, Order, Path, Span};
pub(crate) use collector::Collector;
pub(crate) use execution::Execution;
pub use explain::Explain;
pub(crate) use figure::Figure;
pub(crate) use ordering::arrange;
pub use place::Start;
pub(crate) use reply::{Reply, Visitor};
pub use watch::{Cancel, Watch};
pub(crate) use watch::{Running, Stops};
pub use window::Window;
