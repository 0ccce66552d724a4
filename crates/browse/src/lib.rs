//! A page over an index, for whoever wants to know what is in it, try a query and see why one is slow.
//!
//! Every view is an address, is written on the server and works without scripts. What is asked of the index
//! is asked through the public interface of [`filedex`], and takes its turn as the requests of the endpoints
//! do; nothing here changes a record.
//!
//! From the top: `door` (addresses, who may look, headers), `show` (templates), `ask` (what a view has to ask of
//! the index), and below them `asset` (style sheet and script) and `figure` (numbers as people read them). What is
//! below the door knows nothing of HTTP.

mod ask;
mod asset;
mod door;
mod figure;
mod show;

pub use door::Browser;
