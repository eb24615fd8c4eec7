//! Reads the body of a request that is answered here.

use std::time::Duration;

use pingora::proxy::Session;

use crate::request::body::NoBody;

/// The body, where it is whole, of at most so many bytes, and there in time.
///
/// # Errors
/// It is not.
pub(super) async fn read(
    session: &mut Session,
    most: usize,
    patience: Duration,
) -> Result<Vec<u8>, NoBody> {
    let read = async {
        let mut body = Vec::new();
        loop {
            match session.read_request_body().await {
                Ok(Some(part)) if body.len() + part.len() <= most => {
                    body.extend_from_slice(&part);
                }
                Ok(None) => return Ok(body),
                Ok(Some(_)) => return Err(NoBody::TooLarge),
                Err(_) => return Err(NoBody::Broken),
            }
        }
    };
    let in_time = tokio::time::timeout(patience, read).await;
    in_time.unwrap_or(Err(NoBody::Broken))
}
