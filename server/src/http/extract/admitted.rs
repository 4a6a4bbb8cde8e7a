//! Extractors that are admitted by the credentials of a request.

/// Makes an extractor of a type by an `async fn(&HttpRequest) -> Result<Type, Problem>`. The body is not read.
macro_rules! admitted {
    ($type:ty, $admit:path) => {
        impl actix_web::FromRequest for $type {
            type Error = $crate::http::Problem;
            type Future = futures_util::future::LocalBoxFuture<'static, Result<Self, $crate::http::Problem>>;

            fn from_request(request: &actix_web::HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
                let request = request.clone();
                Box::pin(async move { $admit(&request).await })
            }
        }
    };
}

pub(in crate::http) use admitted;
