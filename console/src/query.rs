//! Addresses of the console with their queries.

/// A path with these values, but for empty ones.
pub(crate) fn href(path: &str, values: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in values.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// The `$skiptoken` of a page's `@odata.nextLink`.
pub(crate) fn skip_token(page: &serde_json::Value) -> Option<String> {
    let next = page.get("@odata.nextLink")?.as_str()?;
    let (_, query) = next.split_once('?')?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let (_, token) = pairs.find(|(name, _)| name == "$skiptoken")?;
    Some(token.into_owned())
}
