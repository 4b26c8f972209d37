//! Bounds what an API server may answer, for the answers that the client library reads as a whole: refusals, the version.
//!
//! Lists, watches and logs come as streams, which `request` and `logs` bound themselves.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures::future::BoxFuture;
use hyper::{
    body::{Body, Bytes, Frame, SizeHint},
    http::{Request, Response},
};
use tower::{BoxError, Layer, Service};

use warroom_host::bounded::TooMuch;

/// Longest answer that is read as a whole.
const WHOLE: u64 = 1 << 20;

/// See the module.
pub(super) struct Bound;

impl<S> Layer<S> for Bound {
    type Service = BoundService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        BoundService { inner }
    }
}

/// See [`Bound`].
pub(super) struct BoundService<S> {
    inner: S,
}

impl<S, I, B> Service<Request<I>> for BoundService<S>
where
    S: Service<Request<I>, Response = Response<B>>,
    S::Future: Send + 'static,
{
    type Response = Response<BoundBody<B>>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<I>) -> Self::Future {
        let path = request.uri().path();
        let streamed = path.starts_with("/api/") || path.starts_with("/apis/");
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            let left = if streamed && answer.status().is_success() { None } else { Some(WHOLE) };
            Ok(answer.map(|body| BoundBody { body, left }))
        })
    }
}

/// A body that ends with an error when it is too long.
pub(super) struct BoundBody<B> {
    body: B,
    left: Option<u64>,
}

impl<B> Body for BoundBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)) else { return Poll::Ready(None) };
        let frame = frame.map_err(Into::into)?;
        if let (Some(left), Some(data)) = (&mut self.left, frame.data_ref()) {
            match left.checked_sub(data.len() as u64) {
                Some(rest) => *left = rest,
                None => return Poll::Ready(Some(Err(TooMuch::Total { most: WHOLE }.into()))),
            }
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
