//! `docs/graph-operations.md`: every operation, served or not.

use std::fmt::Write as _;

use crossgate_control::api::routes::{Need, Operation, ROUTES, Route, Special, Versions};
use crossgate_control::odata::QueryOption;
use crossgate_control::roles::Action;

use crate::families::{FAMILIES, Family, family_of, routes_of};
use crate::printed;
use crate::unsupported::{UNSUPPORTED, Unsupported};

#[test]
fn the_table_of_operations_is_what_is_served() {
    let mut text = String::new();
    for family in FAMILIES {
        table(&mut text, family);
    }
    printed::part("graph-operations.md", "operations", &text);
}

#[test]
fn no_operation_is_told_as_missing_that_is_served() {
    for missing in UNSUPPORTED {
        for method in missing.methods.split(", ") {
            let served = ROUTES.iter().find(|route| {
                route.method.name() == method && nameless(route.path) == nameless(missing.path)
            });
            assert!(
                served.is_none(),
                "{method} {} is served; take it off `UNSUPPORTED`",
                missing.path
            );
        }
        // Panics where there is none.
        family_of(missing.path);
    }
}

fn table(text: &mut String, family: &'static Family) {
    let _ = writeln!(text, "\n## {}", family.name);
    text.push_str("| operation | | for what, or why not | needs |\n|---|---|---|---|\n");
    for route in routes_of(family) {
        served(text, route);
    }
    for missing in UNSUPPORTED
        .iter()
        .filter(|missing| family_of(missing.path) == family)
    {
        let Unsupported { methods, path, why } = missing;
        let _ = writeln!(text, "| {methods} `/{path}` | no | {why} | |");
    }
}

fn served(text: &mut String, route: &Route) {
    let version = match route.versions {
        Versions::Both => "yes",
        Versions::Beta => "beta",
        Versions::Neither => "no version",
    };
    let options: Vec<_> = route.options.iter().copied().map(option).collect();
    let options = if options.is_empty() {
        String::new()
    } else {
        format!(". {}", options.join(" "))
    };
    let _ = writeln!(
        text,
        "| {} `/{}` | {version} | {}{options} | {} |",
        route.method.name(),
        route.path,
        route.summary,
        needs(route).join("; "),
    );
}

fn option(option: QueryOption) -> String {
    format!("`{}`", option.name())
}

/// What a caller needs, an action at a time, for the cell of a table.
pub(crate) fn needs(route: &Route) -> Vec<String> {
    match route.operation {
        Operation::Special(Special::Batch) => return vec!["what each call in it needs".to_owned()],
        Operation::Special(Special::Metadata | Special::OpenApi) => {
            return vec!["nothing, not even a token".to_owned()];
        }
        Operation::Special(_)
        | Operation::Get(_)
        | Operation::List(_)
        | Operation::Create(_)
        | Operation::Update(_)
        | Operation::Delete(_)
        | Operation::Reset(_) => {}
    }
    let mut told: Vec<(Action, Vec<&str>, Option<&str>)> = Vec::new();
    for need in route.needs {
        let (action, member, fixed) = match need {
            Need::Always(action) => (*action, None, None),
            Need::ForMember(member, action) => (*action, Some(*member), None),
            Need::ForOthers(action) => (*action, None, Some("everything else")),
            Need::ForExpanded(name, action) | Need::ForNamed(name, action) => {
                (*action, Some(*name), None)
            }
        };
        match told.iter_mut().find(|(known, _, _)| *known == action) {
            Some((_, members, _)) => members.extend(member),
            None => told.push((action, member.into_iter().collect(), fixed)),
        }
    }
    told.into_iter()
        .map(|(action, members, fixed)| {
            let name = short(action);
            match (fixed, members.as_slice()) {
                (Some(fixed), _) => format!("`{name}` for {fixed}"),
                (None, []) => format!("`{name}`"),
                (None, members) => format!("`{name}` for `{}`", members.join("`, `")),
            }
        })
        .collect()
}

/// An action's name without what nearly all begin with.
pub(crate) fn short(action: Action) -> &'static str {
    let name = action.name();
    name.strip_prefix("microsoft.directory/").unwrap_or(name)
}

/// A path with the names of its parameters left out.
fn nameless(path: &str) -> String {
    let mut parts = path.split('{');
    let mut text = parts.next().unwrap_or_default().to_ascii_lowercase();
    for part in parts {
        let (_, rest) = part.split_once('}').unwrap_or_default();
        text.push_str("{}");
        text.push_str(&rest.to_ascii_lowercase());
    }
    text
}
