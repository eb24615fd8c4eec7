//! Tries the operator's templates before anybody sees them.

use std::collections::BTreeMap;

use minijinja::{Environment, Error};

use super::fault::Finding;
use super::page::{
    Action, Choice, ChooseProblem, Decision, Destination, Device, Does, FailedWhy, FieldProblem,
    InviteProblem, Membership, Method, Page, PasscodeProblem, SignUpEnd, SignUpField, SignUpInput,
    SignUpProblem, Who, Why, field,
};

/// What a template that cannot be used says about itself. `sources` are the templates by file name.
pub(super) fn fault_of(error: &Error, page: &str, sources: &BTreeMap<String, String>) -> Finding {
    // The cause is closest to the fault: an error in a block or an include is wrapped in one for each around it.
    let mut cause = error;
    while let Some(inner) =
        std::error::Error::source(cause).and_then(|it| it.downcast_ref::<Error>())
    {
        cause = inner;
    }
    let file = cause.name().unwrap_or(page);
    let mut what = cause.kind().to_string();
    if let Some(detail) = cause.detail() {
        what = format!("{what}: {detail}");
    }
    let line = cause.line();
    let source = line.and_then(|line| sources.get(file)?.lines().nth(line - 1));
    if let Some(source) = source {
        what = format!("{what}, in `{}`", source.trim());
    }
    what.push_str("; docs/pages.md says which values and texts each template gets");
    Finding::new(file, line, what)
}

/// The names of what the page cannot do without and does not hold, found by the values of the [`samples`].
pub(super) fn lacks(page: &Page<'_>, html: &str) -> Vec<&'static str> {
    let csrf = [
        ("csrf", CSRF),
        (field::CSRF, "name=\"crossgate-csrf\""),
        ("action", ACTION),
    ];
    let more: &[(&'static str, &str)] = match page {
        Page::Choose { asks_email, .. } => match asks_email {
            true => &[
                (field::EMAIL, "name=\"email\""),
                (field::RETURN_TO, "name=\"return-to\""),
            ],
            false => &[],
        },
        Page::Passcode { .. } => &[(field::PASSCODE, "name=\"passcode\"")],
        Page::Resume { .. } => &[("fields", FIELD.0), ("fields", FIELD.1)],
        Page::Refused { .. }
        | Page::WhoAmI { .. }
        | Page::SignUpEnded { .. }
        | Page::SignInFailed { .. } => &[("correlation_id", CORRELATION_ID)],
        Page::SignUp { fields, .. } => {
            if fields.is_empty() {
                &[(field::SIGN_UP, "name=\"sign-up\""), ("pass", PASS)]
            } else {
                &[
                    (field::SIGN_UP, "name=\"sign-up\""),
                    ("pass", PASS),
                    ("fields", "name=\"sample-field\""),
                ]
            }
        }
        Page::Onward { .. } => &[("href", HREF)],
        Page::Invite { message, .. } => match message {
            Some(_) => &[
                (field::EMAIL, "name=\"email\""),
                (field::NAME, "name=\"name\""),
                (field::APP, "name=\"app\""),
                (field::MESSAGE, "name=\"message\""),
            ],
            None => &[
                (field::EMAIL, "name=\"email\""),
                (field::NAME, "name=\"name\""),
                (field::APP, "name=\"app\""),
            ],
        },
        Page::Invited { redeem_href, .. } => match redeem_href {
            Some(_) => &[("redeem_href", INVITATION)],
            None => &[],
        },
        Page::Terms { .. }
        | Page::Consent { .. }
        | Page::Leave { .. }
        | Page::SignOut { .. }
        | Page::SignedOut { .. }
        | Page::NotKept { .. } => &[],
    };
    let has_form = match page {
        Page::Choose { asks_email, .. } => *asks_email,
        Page::Resume { csrf, .. } => csrf.is_some(),
        Page::Passcode { .. }
        | Page::Terms { .. }
        | Page::Consent { .. }
        | Page::Leave { .. }
        | Page::Invite { .. }
        | Page::SignUp { .. }
        | Page::SignOut { .. } => true,
        Page::Refused { .. }
        | Page::WhoAmI { .. }
        | Page::Invited { .. }
        | Page::SignUpEnded { .. }
        | Page::SignedOut { .. }
        | Page::NotKept { .. }
        | Page::SignInFailed { .. }
        | Page::Onward { .. } => false,
    };
    let html = html.replace('\'', "\"");
    let needed = csrf.iter().filter(|_| has_form).chain(more);
    let lacking = needed.filter(|(_, value)| !html.contains(value));
    lacking.map(|(name, _)| *name).collect()
}

/// What browsers will not run or load, whatever a template says.
pub(super) fn in_vain(html: &str) -> Option<&'static str> {
    let html = html.to_ascii_lowercase();
    if html.contains("<script") {
        Some("has a `<script>`, which no browser will run")
    } else if html.contains(" style=") {
        Some("has a `style=` attribute, which no browser will apply; write it in `style.css`")
    } else if html.contains("src=\"http") || html.contains("rel=\"stylesheet\"") {
        Some("names something to load, which no browser will; only `data:` pictures are shown")
    } else {
        None
    }
}

/// Parses every template; adds a fault for each that cannot be.
pub(super) fn add_templates(
    environment: &mut Environment<'static>,
    sources: &BTreeMap<String, String>,
    faults: &mut Vec<Finding>,
) {
    for (file, source) in sources {
        let added = environment.add_template_owned(file.clone(), source.clone());
        if let Err(error) = added {
            faults.push(fault_of(&error, file, sources));
        }
    }
}

/// Every page, with everything and with as little as there can be.
pub(super) fn samples() -> Vec<Page<'static>> {
    let mut pages = vec![
        choose(
            &CHOICES,
            Some(CHOICE),
            true,
            Some(ChooseProblem::EmailMalformed),
        ),
        choose(&[], None, true, None),
        choose(
            &CHOICES,
            None,
            false,
            Some(ChooseProblem::OrganisationNotKnown),
        ),
        choose(&[], None, false, Some(ChooseProblem::TookTooLong)),
        Page::Terms {
            name: "Sample terms",
            version: "2",
            text: "One.\n\nTwo.",
            action: ACTION,
            csrf: CSRF,
        },
        consent(Some("Sample"), Some(HREF)),
        consent(None, None),
        Page::SignOut {
            action: ACTION,
            csrf: CSRF,
            return_to: HREF,
        },
        Page::Leave {
            action: ACTION,
            csrf: CSRF,
            return_to: HREF,
        },
        invite(Some(""), None),
        invite(None, Some(InviteProblem::EmailMalformed)),
        invite(Some("Sample"), Some(InviteProblem::NotInvitable)),
        invite(None, Some(InviteProblem::TookTooLong)),
        invite(None, Some(InviteProblem::TooMany)),
        invited(Some(INVITATION), false),
        invited(None, true),
        invited(None, false),
        Page::SignedOut { sign_in_href: HREF },
        Page::NotKept { path: "/sample" },
        Page::Onward {
            name: "Sample",
            href: HREF,
        },
        resume(Some(CSRF), Method::Post),
        resume(None, Method::Get),
    ];
    pages.extend(PASSCODE_PROBLEMS.map(|problem| Page::Passcode {
        address: "ada@example.com",
        action: ACTION,
        csrf: CSRF,
        new_code: problem.is_none(),
        problem,
    }));
    pages.push(sign_up(&[], None));
    for problem in FIELD_PROBLEMS {
        pages.push(sign_up(problem, Some(SignUpProblem::Fields)));
    }
    pages.push(sign_up(&[], Some(SignUpProblem::NotUsable)));
    for outcome in SignUpEnd::ALL {
        for message in [None, Some("Sample")] {
            pages.push(Page::SignUpEnded {
                outcome,
                message,
                code: message,
                correlation_id: CORRELATION_ID,
                at: AT,
            });
        }
    }
    for why in Why::ALL {
        pages.push(refused(why, Some("53003"), Some(WHO), &ACTIONS));
        pages.push(refused(why, None, None, &[]));
        pages.push(who_am_i(Decision::Refused(why), WHO, &[], &[], None));
    }
    pages.extend(DEVICES.map(|device| {
        let who = Who {
            home_tenant_name: None,
            mfa: false,
            device,
            ..WHO
        };
        who_am_i(
            Decision::Allowed,
            who,
            &ACTIONS,
            &CHOICES,
            Some(Membership {
                since: None,
                sponsors: &[],
                leave_href: None,
            }),
        )
    }));
    pages.push(who_am_i(
        Decision::Allowed,
        WHO,
        &ACTIONS,
        &CHOICES,
        Some(Membership {
            since: Some(AT),
            sponsors: &["Sample", "Sample"],
            leave_href: Some(HREF),
        }),
    ));
    pages.extend(FAILURES.map(|why| Page::SignInFailed {
        why,
        retry_href: HREF,
        correlation_id: CORRELATION_ID,
        at: AT,
    }));
    pages
}

const fn consent(told: Option<&'static str>, privacy_href: Option<&'static str>) -> Page<'static> {
    Page::Consent {
        app: "Sample",
        account: "ada@example.com",
        home_name: told,
        home_logo: if told.is_some() { Some(LOGO) } else { None },
        inviter: told,
        privacy_href,
        action: ACTION,
        csrf: CSRF,
    }
}

const fn choose(
    providers: &'static [Choice<'static>],
    remembered: Option<Choice<'static>>,
    asks_email: bool,
    problem: Option<ChooseProblem>,
) -> Page<'static> {
    Page::Choose {
        app: "Sample",
        return_to: "/sample?a=b",
        action: ACTION,
        csrf: CSRF,
        providers,
        remembered,
        asks_email,
        email: if problem.is_some() {
            Some("ada@")
        } else {
            None
        },
        problem,
    }
}

const fn refused(
    why: Why,
    code: Option<&'static str>,
    who: Option<Who<'static>>,
    actions: &'static [Action<'static>],
) -> Page<'static> {
    Page::Refused {
        why,
        code,
        correlation_id: CORRELATION_ID,
        at: AT,
        who,
        actions,
    }
}

const fn who_am_i(
    decision: Decision,
    who: Who<'static>,
    actions: &'static [Action<'static>],
    apps: &'static [Choice<'static>],
    guest: Option<Membership<'static>>,
) -> Page<'static> {
    Page::WhoAmI {
        who,
        app: "Sample",
        decision,
        code: match decision {
            Decision::Allowed => None,
            Decision::Refused(_) => Some("53003"),
        },
        correlation_id: CORRELATION_ID,
        sign_out_href: HREF,
        actions,
        apps,
        guest,
        invite_href: match guest {
            Some(_) => Some(HREF),
            None => None,
        },
    }
}

const fn invite(message: Option<&'static str>, problem: Option<InviteProblem>) -> Page<'static> {
    Page::Invite {
        action: ACTION,
        csrf: CSRF,
        email: "ada@",
        name: "Sample",
        message,
        apps: &[
            Destination {
                label: "Sample",
                value: "sample-app",
                chosen: false,
            },
            Destination {
                label: "Other",
                value: "other-app",
                chosen: true,
            },
        ],
        lets_into: match message {
            Some(_) => &[Destination {
                label: "Sample",
                value: "app:sample-app",
                chosen: true,
            }],
            None => &[],
        },
        problem,
        return_to: HREF,
    }
}

const fn invited(redeem_href: Option<&'static str>, mailed: bool) -> Page<'static> {
    Page::Invited {
        address: "ada@example.com",
        redeem_href,
        mailed,
        again_href: HREF,
        return_to: HREF,
    }
}

const fn sign_up(
    fields: &'static [SignUpField<'static>],
    problem: Option<SignUpProblem>,
) -> Page<'static> {
    let all = !fields.is_empty();
    Page::SignUp {
        app: "Sample",
        account: "ada@example.com",
        home_name: if all { Some("Sample") } else { None },
        fields,
        problem,
        message: if all { Some("Sample") } else { None },
        terms_href: if all { Some(HREF) } else { None },
        privacy_href: if all { Some(HREF) } else { None },
        action: ACTION,
        pass: PASS,
        csrf: CSRF,
    }
}

const fn asked(
    kind: SignUpInput,
    required: bool,
    problem: Option<FieldProblem>,
) -> SignUpField<'static> {
    SignUpField {
        name: "sample-field",
        label: "Sample",
        kind,
        autocomplete: if required { Some("name") } else { None },
        value: "sample-content",
        required,
        choices: &[
            Destination {
                label: "Sample",
                value: "sample-choice",
                chosen: true,
            },
            Destination {
                label: "Other",
                value: "other-choice",
                chosen: false,
            },
        ],
        problem,
    }
}

const fn resume(csrf: Option<&'static str>, method: Method) -> Page<'static> {
    Page::Resume {
        action: ACTION,
        csrf,
        method,
        path: "/sample",
        fields: &[FIELD, ("empty", "")],
    }
}

// None of these holds a letter that is escaped, so that they are found again.
const CSRF: &str = "sample-csrf-value";
const PASS: &str = "sample-pass-value";
const ACTION: &str = "/sample-action";
const LOGO: &str = "data:image/png;base64,AA==";
const HREF: &str = "/sample-link";
const INVITATION: &str = "/sample-invitation";
const CORRELATION_ID: &str = "00000000-0000-4000-8000-00000000c0de";
const FIELD: (&str, &str) = ("sample-field", "sample-content");
const AT: &str = "2026-01-02T03:04:05.678Z";
const CHOICE: Choice<'static> = Choice {
    label: "Sample",
    href: HREF,
};
const CHOICES: [Choice<'static>; 2] = [CHOICE, CHOICE];
const WHO: Who<'static> = Who {
    name: "Ada Sample",
    home_tenant: "11111111-1111-4111-8111-111111111111",
    home_tenant_name: Some("Sample"),
    signed_in_with: "Sample",
    mfa: true,
    device: Device::NotKnown,
    since: AT,
    until: AT,
};
const DEVICES: [Device; 3] = [Device::NotKnown, Device::Compliant, Device::Joined];
const FAILURES: [FailedWhy; 8] = [
    FailedWhy::Expired,
    FailedWhy::Denied,
    FailedWhy::ProviderError,
    FailedWhy::Tampered,
    FailedWhy::NotAccepted,
    FailedWhy::Unreachable,
    FailedWhy::InvitationGone,
    FailedWhy::InvitationOfAnother,
];
/// Every way to put something in, with and without each problem.
const FIELD_PROBLEMS: [&[SignUpField<'static>]; 6] = [
    &[
        asked(SignUpInput::Text, true, Some(FieldProblem::Missing)),
        asked(SignUpInput::Text, false, None),
    ],
    &[
        asked(SignUpInput::Text, true, Some(FieldProblem::NotText)),
        asked(SignUpInput::Text, true, Some(FieldProblem::NotNumber)),
    ],
    &[
        asked(SignUpInput::Email, true, Some(FieldProblem::NotEmail)),
        asked(SignUpInput::Email, false, None),
    ],
    &[
        asked(SignUpInput::Date, false, Some(FieldProblem::NotDate)),
        asked(SignUpInput::Date, true, None),
    ],
    &[
        asked(SignUpInput::Radio, true, Some(FieldProblem::NotChoice)),
        asked(SignUpInput::Radio, false, None),
        asked(
            SignUpInput::Checkboxes,
            false,
            Some(FieldProblem::NotChoice),
        ),
        asked(SignUpInput::Checkboxes, true, None),
    ],
    &[
        asked(SignUpInput::Dropdown, true, Some(FieldProblem::NotChoice)),
        asked(SignUpInput::Dropdown, false, None),
    ],
];
const PASSCODE_PROBLEMS: [Option<PasscodeProblem>; 3] = [
    None,
    Some(PasscodeProblem::Wrong),
    Some(PasscodeProblem::TooManyCodes),
];
const ACTIONS: [Action<'static>; 11] = [
    action(Does::AcceptTerms),
    action(Does::ConfirmItIsYou),
    action(Does::Continue),
    action(Does::GetHelp),
    action(Does::OpenStartPage),
    action(Does::SeeWhoIAm),
    action(Does::SignIn),
    action(Does::SignInAgain),
    action(Does::SignOut),
    action(Does::TryAgain),
    action(Does::UseAnotherAccount),
];

const fn action(does: Does) -> Action<'static> {
    Action { does, href: HREF }
}
