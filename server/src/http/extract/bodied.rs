//! Extractors that are made of the body of a request.

/// Makes an extractor of a type by an `async fn(&HttpRequest, BytesMut) -> Result<Type, Problem>`, which gets the whole body,
/// of at most so many bytes.
macro_rules! bodied {
    ($type:ty, $limit:expr, $interpret:path) => {
        impl actix_web::FromRequest for $type {
            type Error = $crate::http::Problem;
            type Future = futures_util::future::LocalBoxFuture<'static, Result<Self, $crate::http::Problem>>;

            fn from_request(request: &actix_web::HttpRequest, payload: &mut actix_web::dev::Payload) -> Self::Future {
                let (request, payload) = (request.clone(), payload.take());
                Box::pin(async move {
                    let body = $crate::http::extract::body::read(&request, payload, $limit).await?;
                    $interpret(&request, body).await
                })
            }
        }
    };
}

pub(in crate::http) use bodied;
