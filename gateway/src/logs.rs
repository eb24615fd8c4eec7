//! What the process says of itself, on standard error. Sign-in events are not logs.

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

/// Why logs cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogFault {
    /// `CROSSGATE_LOG` is no filter.
    #[error(
        "CROSSGATE_LOG: `{text}` is no filter of logs: {why}; expected one such as `info` or `crossgate=debug`"
    )]
    Filter {
        /// Its value.
        text: String,
        /// What is wrong with it.
        why: tracing_subscriber::filter::ParseError,
    },
    /// `CROSSGATE_LOG_FORMAT` is no format.
    #[error("CROSSGATE_LOG_FORMAT: `{0}` is no format of logs; expected `text` or `json`")]
    Format(String),
}

/// Logs from now on: what `CROSSGATE_LOG` lets through, as `CROSSGATE_LOG_FORMAT` (`text` or `json`) says.
///
/// # Errors
/// One of the two cannot be read.
pub fn start() -> Result<(), LogFault> {
    let filter = filter(std::env::var("CROSSGATE_LOG").ok())?;
    // Without it libraries make every message of theirs, only to have it thrown away.
    let safe = filter_fn(is_safe)
        .with_max_level_hint(filter.max_level_hint().unwrap_or(LevelFilter::TRACE));
    let format = std::env::var("CROSSGATE_LOG_FORMAT").unwrap_or_default();
    let registry = tracing_subscriber::registry();
    let started = match format.as_str() {
        "" | "text" => {
            let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
            let layer = fmt::layer()
                .with_writer(std::io::stderr)
                .with_ansi(colours)
                .with_filter(filter)
                .with_filter(safe);
            registry.with(layer).try_init()
        }
        "json" => {
            let layer = fmt::layer()
                .json()
                .flatten_event(true)
                .with_writer(std::io::stderr)
                .with_filter(filter)
                .with_filter(safe);
            registry.with(layer).try_init()
        }
        _ => return Err(LogFault::Format(format)),
    };
    // Somebody else logs already, in a test; their logs are as good.
    let _ = started;
    Ok(())
}

fn filter(text: Option<String>) -> Result<EnvFilter, LogFault> {
    let builder = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into());
    match text {
        None => Ok(builder.parse_lossy(USUAL)),
        Some(text) => builder
            .parse(&text)
            .map_err(|why| LogFault::Filter { text, why }),
    }
}

/// Whatever the filter says: below `info` libraries print requests with their tokens, some also above. Ours do not.
fn is_safe(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let ours = target == "crossgate" || target.starts_with("crossgate::");
    let tells_heads = HEAD_TELLERS.iter().any(|teller| target.starts_with(teller));
    ours || (*metadata.level() <= Level::INFO && !tells_heads)
}

/// Their errors hold what a client or an upstream sent, tokens and cookies too, or settings as the code has them. We tell of the
/// same in our own words, where an operator wants to know.
const HEAD_TELLERS: [&str; 3] = [
    "pingora_proxy",
    "pingora_load_balancing",
    // The admin and metrics listeners: a head that cannot be read is printed whole.
    "pingora_core::apps",
];

/// Libraries tell of their phases and of every client that hangs up; warnings are what an operator wants of them.
const USUAL: &str = "info,pingora=warn,pingora_core=warn,notify=warn,async_nats=warn";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_is_none_is_told_with_its_text() {
        let fault = filter(Some("crossgate=loud".to_owned())).unwrap_err();
        assert!(fault.to_string().contains("`crossgate=loud`"), "{fault}");
        assert!(filter(Some("crossgate=debug".to_owned())).is_ok());
        assert!(filter(None).is_ok());
    }

    #[test]
    fn debug_logs_of_libraries_are_never_written_whatever_the_filter_says() {
        use std::sync::{Arc, Mutex};
        #[derive(Clone, Default)]
        struct Out(Arc<Mutex<Vec<u8>>>);
        impl std::io::Write for Out {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.lock().unwrap().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let out = Out::default();
        let writer = out.clone();
        let layer = fmt::layer()
            .with_writer(move || writer.clone())
            .with_filter(filter(Some("trace".to_owned())).unwrap())
            .with_filter(filter_fn(is_safe));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::debug!(target: "pingora_proxy", "Authorization: secret");
            tracing::trace!(target: "h2::codec", "Authorization: secret");
            tracing::error!(target: "pingora_proxy", "Set-Cookie: secret");
            tracing::error!(target: "pingora_core::apps::http_app", "Authorization: secret");
            tracing::info!(target: "pingora_core", "library");
            tracing::debug!(target: "crossgate::live", "own");
        });
        let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
        assert!(!text.contains("secret"), "{text}");
        assert!(text.contains("library") && text.contains("own"), "{text}");
    }
}
