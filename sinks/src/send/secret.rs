//! Secrets where they are used: from the settings, or the first line of a file.

use crossgate_config::ClientSecret;

use super::Failure;

/// The secret; `None` where there is none.
pub(super) fn read(secret: &ClientSecret) -> Result<Option<String>, Failure> {
    match secret {
        ClientSecret::None => Ok(None),
        ClientSecret::Given(secret) => Ok(Some(secret.expose().to_owned())),
        ClientSecret::File(file) => {
            let text = std::fs::read_to_string(file)
                .map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
            let line = text.lines().next().unwrap_or_default().trim();
            if line.is_empty() {
                let why = format!(
                    "{}: its first line is empty; write the secret there",
                    file.display()
                );
                return Err(Failure::new(why));
            }
            Ok(Some(line.to_owned()))
        }
    }
}
