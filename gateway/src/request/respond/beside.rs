//! Answers to proxies that forward requests themselves, and ask first.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue};

use super::Answer;
use crate::request::names;

/// The request may go on; the app is to be told this.
#[must_use]
pub fn goes_on(said: HeaderMap) -> Answer {
    let mut answer = Answer {
        status: 200,
        headers: Vec::with_capacity(said.len() + 1),
        body: Bytes::new(),
    };
    for (name, value) in &said {
        answer.headers.push((name.clone(), value.clone()));
    }
    answer.add(CACHE_CONTROL, "no-store");
    answer
}

/// Whether this page is there to choose where to sign in.
#[must_use]
pub fn asks_to_sign_in(page: &Answer) -> bool {
    page.status == 401
}

/// The same for nginx's `auth_request`, which knows 401 and 403 only, and drops the body: that comes as a header, and where a
/// browser is to go as the `Location` of a 401.
#[must_use]
pub fn in_two_words(mut answer: Answer) -> Answer {
    let goes_elsewhere = answer.headers.iter().any(|(name, _)| *name == LOCATION);
    answer.status = match answer.status {
        status @ (200 | 401 | 403 | 500..) => status,
        _ if goes_elsewhere => 401,
        _ => 403,
    };
    let is_problem = answer.headers.iter().any(|(name, value)| {
        *name == CONTENT_TYPE && value.as_bytes().starts_with(b"application/problem+json")
    });
    if is_problem && let Ok(problem) = HeaderValue::from_bytes(&answer.body) {
        answer.headers.push((names::PROBLEM.clone(), problem));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Answer {
        Answer {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
                .collect(),
            body: body.to_owned().into(),
        }
    }

    #[test]
    fn nginx_is_told_in_the_words_that_it_knows() {
        for (status, told) in [
            (200, 200),
            (400, 403),
            (401, 401),
            (403, 403),
            (404, 403),
            (405, 403),
            (413, 403),
            (431, 403),
            // An error of ours is one there too.
            (500, 500),
            (503, 503),
        ] {
            assert_eq!(in_two_words(answer(status, &[], "")).status, told);
        }
        let redirect = in_two_words(answer(302, &[("location", "/there")], ""));
        assert_eq!(redirect.status, 401);
    }

    #[test]
    fn what_nginx_drops_comes_as_a_header_too() {
        let problem = [("content-type", "application/problem+json")];
        let told = in_two_words(answer(403, &problem, r#"{"status":403}"#));
        let values: Vec<_> = told
            .headers
            .iter()
            .filter(|(name, _)| *name == names::PROBLEM)
            .map(|(_, value)| value.to_str().unwrap())
            .collect();
        assert_eq!(values, [r#"{"status":403}"#]);
    }
}
