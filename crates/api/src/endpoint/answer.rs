//! The endpoints on tokio: a call as a future that holds no thread while it waits, and that ends the
//! call where it is dropped.

use http::{Request, Response};

use super::call::{Call, Step};
use super::{Endpoints, reply};
use crate::Reply;
use crate::admission::Raise;

impl Endpoints {
    /// Answers a request on tokio's threads for blocking work; what is short on this one, where the host wants that
    /// ([`AdmissionOptions::in_place`](crate::AdmissionOptions)). Dropping the future ends the call within some ten
    /// milliseconds of work, whatever it is at.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<Reply> {
        self.answer_call(request, Call::default()).await
    }

    /// Answers a request, unless the call ends before.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn answer_call<B>(&self, request: Request<B>, call: Call) -> Response<Reply> {
        let _raised_when_dropped = Raise(call.cancel.clone());
        let (request, endpoints) = (request.map(drop), self.clone());
        let mut step = self.admission.run_short(move || endpoints.begin(request, &call)).await;
        loop {
            // No work of ours panics; a runtime that shuts down drops what did not begin.
            let mut waiting = match step {
                None => return reply::gone(),
                Some(Step::Done(response)) => return response,
                Some(Step::Waits(waiting)) => waiting,
            };
            let patience = waiting.patience();
            step = match tokio::time::timeout(patience, &mut waiting).await {
                Ok(admitted) if admitted.is_short() => {
                    self.admission.run_short(move || admitted.go_on()).await
                }
                Ok(admitted) => tokio::task::spawn_blocking(move || admitted.go_on()).await.ok(),
                Err(_) => Some(Step::Done(waiting.refuse())),
            };
        }
    }
}
