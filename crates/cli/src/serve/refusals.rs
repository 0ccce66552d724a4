//! Bodies for what the HTTP library refuses by itself: a request that is none, one with too long a target or too
//! many headers. It answers these with a head alone, before anybody is asked.
//!
//! A connection is written through this. It counts off the replies that were made; a head that nobody made is the
//! library's, and the last thing that it writes.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Method, Response, StatusCode};
use hyper::body::Body;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The lengths of the bodies of replies that were made and whose heads are not written yet; none for one that nobody
/// knows.
#[derive(Clone, Default)]
pub(super) struct Made(Arc<Mutex<VecDeque<Option<u64>>>>);

/// A connection.
pub(super) struct Refusals<S> {
    stream: S,
    made: Made,
    at: At,
    /// What is written in place of a refusal.
    refusal: VecDeque<u8>,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// A head.
    Head,
    /// So many bytes of a reply.
    Within(u64),
    /// Nobody knows any more.
    Unknown,
}

impl Made {
    /// Notes a reply to a request with that method.
    pub(super) fn note<B: Body>(&self, method: &Method, reply: &Response<B>) {
        let is_empty = method == Method::HEAD
            || matches!(reply.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let length = if is_empty { Some(0) } else { reply.body().size_hint().exact() };
        self.0.lock().push_back(length);
    }
}

impl<S> Refusals<S> {
    pub(super) fn new(stream: S, made: Made) -> Refusals<S> {
        Refusals { stream, made, at: At::Head, refusal: VecDeque::new() }
    }

    /// Looks at a head; what is refused is replaced.
    fn meet(&mut self, bytes: &[u8]) {
        let end = bytes.windows(4).position(|end| end == b"\r\n\r\n").map(|end| end as u64 + 4);
        // The library writes heads whole.
        let Some(head) = end else {
            self.at = At::Unknown;
            return;
        };
        if bytes.starts_with(b"HTTP/1.1 100 ") {
            self.at = At::Within(head);
            return;
        }
        let made = self.made.0.lock().pop_front();
        match made {
            Some(Some(body)) => self.at = At::Within(head + body),
            Some(None) => self.at = At::Unknown,
            None => self.refusal.extend(refusal(bytes)),
        }
    }
}

impl<S: AsyncWrite + Unpin> Refusals<S> {
    /// Writes what stands in place of a refusal.
    fn write_refusal(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.refusal.is_empty() {
            let (bytes, _) = self.refusal.as_slices();
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.refusal.drain(..written);
        }
        Poll::Ready(Ok(()))
    }

    /// How many of the bytes may be passed on as they are; `None` where they were replaced.
    fn passed(&mut self, first: &[u8], all: usize) -> Option<usize> {
        if self.at == At::Head {
            self.meet(first);
        }
        match self.at {
            At::Head => None,
            At::Within(left) => Some(usize::try_from(left).unwrap_or(usize::MAX).min(all)),
            At::Unknown => Some(all),
        }
    }

    fn note_written(&mut self, written: usize) {
        if let At::Within(left) = self.at {
            let left = left.saturating_sub(written as u64);
            self.at = if left == 0 { At::Head } else { At::Within(left) };
        }
    }
}

/// The reply in place of a head without a body.
fn refusal(head: &[u8]) -> Vec<u8> {
    let status = head.get(9..12).and_then(|code| StatusCode::from_bytes(code).ok());
    let status = status.unwrap_or(StatusCode::BAD_REQUEST);
    let body = body(status);
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         x-content-type-options: nosniff\r\ncache-control: no-store\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The body of a refusal that no endpoint words.
pub(super) fn body(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or("refused");
    format!("{{\"success\":false,\"error\":\"{reason}\"}}")
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Refusals<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.write_refusal(context))?;
        let Some(passed) = self.passed(bytes, bytes.len()) else {
            return Poll::Ready(Ok(bytes.len()));
        };
        let part = bytes.get(..passed).unwrap_or(bytes);
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, part))?;
        self.note_written(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let all = slices.iter().map(|slice| slice.len()).sum();
        let first = slices.iter().find(|slice| !slice.is_empty()).map_or(&[][..], |slice| slice);
        ready!(self.write_refusal(context))?;
        match self.passed(first, all) {
            Some(passed) if passed == all => {
                let stream = Pin::new(&mut self.stream);
                let written = ready!(stream.poll_write_vectored(context, slices))?;
                self.note_written(written);
                Poll::Ready(Ok(written))
            }
            Some(_) => self.poll_write(context, first),
            None => Poll::Ready(Ok(all)),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.write_refusal(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.write_refusal(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Refusals<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}
