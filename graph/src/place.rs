//! Where in a file a property stands, for checks that are made elsewhere.

use crate::reader::fault::Position;
use crate::reader::locate::Locator;
use crate::reader::path::Step;
use crate::reader::report::{Found, Mark, Slot};

/// Where the value at a path such as `rolePermissions[0].condition`, or the nearest value above it, stands in a file. `None` where the
/// document is no part of the file's text.
#[must_use]
pub fn place_of(file: &str, document: &str, path: &str) -> Option<Position> {
    let file = file.trim_start_matches('\u{feff}');
    let start = document.as_ptr().addr().checked_sub(file.as_ptr().addr())?;
    let before = file.get(..start)?;
    if file.get(start..start + document.len())? != document {
        return None;
    }
    let found = Found {
        steps: steps(path),
        mark: Mark::Value,
        message: String::new(),
    };
    let inside = Locator::new(document).locate(Slot::Whole, &found)?;
    let last_line = before.rsplit('\n').next().unwrap_or_default();
    Some(Position {
        line: before.matches('\n').count() + inside.line,
        column: match inside.line {
            1 => last_line.chars().count() + inside.column,
            _ => inside.column,
        },
    })
}

fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let mut parts = part.split('[');
        let name = parts.next().unwrap_or_default();
        if !name.is_empty() {
            steps.push(Step::Member(name.to_owned()));
        }
        let items = parts.map(|item| item.trim_end_matches(']').parse());
        steps.extend(items.flatten().map(Step::Item));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_is_found_in_the_file_that_holds_its_document() {
        let file = "\u{feff}[\n  {\"é\": 1}, {\"a\": [1,\n {\"b\": 2}]}]";
        let second = &file[file.find("{\"a\"").unwrap()..file.len() - 1];
        let at = |path| place_of(file, second, path).map(|at| (at.line, at.column));
        assert_eq!(at(""), Some((2, 13)));
        assert_eq!(at("a"), Some((2, 19)));
        assert_eq!(at("a[1].b"), Some((3, 8)));
        assert_eq!(at("a[1].absent"), Some((3, 2)));
        assert_eq!(place_of(file, "{\"a\": 1}", "a"), None);
    }
}
