//! Which kind of document a value came from.

/// Who supplied the value that a step read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SuppliedBy {
    /// `default`: no document of the partner has it.
    Default,
    /// The document of the partner.
    Partner,
    /// Entra's initial value: no document has it.
    Initial,
    /// The app's own configuration.
    App,
    /// A Conditional Access policy.
    ConditionalAccess,
}

impl SuppliedBy {
    /// By the name of a document, as [`Line::document`](super::Line) has it; `None` for what is written for one person or sent by the
    /// caller.
    #[must_use]
    pub fn of(document: &str) -> Option<Self> {
        let (folder, _) = document.split_once('/').unwrap_or((document, ""));
        match folder {
            "default" => Some(Self::Default),
            "partners" => Some(Self::Partner),
            "initial" => Some(Self::Initial),
            "apps" | "app-role-assignments" => Some(Self::App),
            "conditional-access" => Some(Self::ConditionalAccess),
            _ => None,
        }
    }

    /// The name in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Partner => "partner",
            Self::Initial => "initial",
            Self::App => "app",
            Self::ConditionalAccess => "conditionalAccess",
        }
    }
}
