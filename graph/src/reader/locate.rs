//! From a JSON path to a line and a column.

use std::cell::{Cell, OnceCell};

use jsonc_parser::ast::{ObjectProp, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::fault::Position;
use super::path::Step;
use super::report::{Found, Mark, Slot};

/// Finds places in one file; takes it apart once, and only when asked.
pub(crate) struct Locator<'t> {
    text: &'t str,
    tree: OnceCell<Option<Value<'t>>>,
    lines: OnceCell<Lines<'t>>,
}

impl<'t> Locator<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            text,
            tree: OnceCell::new(),
            lines: OnceCell::new(),
        }
    }

    /// Where a fault is.
    pub(crate) fn locate(&self, slot: Slot, found: &Found) -> Option<Position> {
        match (found.mark, slot) {
            (Mark::File, _) => None,
            (Mark::Text(position), Slot::Line(number, _)) => Some(Position {
                line: number,
                ..position
            }),
            (Mark::Text(position), Slot::Whole | Slot::Item(_) | Slot::Value(_)) => Some(position),
            (Mark::Value | Mark::Name, Slot::Line(number, start)) => {
                let line = self.text.get(start..)?.lines().next()?;
                let position = match tree(line) {
                    Some(root) => Lines::of(line).position(offset(&root, &found.steps, found.mark)),
                    None => Position { line: 1, column: 1 },
                };
                Some(Position {
                    line: number,
                    ..position
                })
            }
            (Mark::Value | Mark::Name, Slot::Whole | Slot::Item(_) | Slot::Value(_)) => {
                let root = self.tree.get_or_init(|| tree(self.text)).as_ref();
                let steps = [slot.steps(), found.steps.clone()].concat();
                Some(root.map_or(Position { line: 1, column: 1 }, |root| {
                    let lines = self.lines.get_or_init(|| Lines::of(self.text));
                    lines.position(offset(root, &steps, found.mark))
                }))
            }
        }
    }
}

/// Members that stand twice in one object: the path of each, and where its second one stands in the text.
/// `None` where the text could not be taken apart.
pub(crate) fn duplicates(text: &str) -> Option<Vec<(Vec<Step>, Position)>> {
    let (mut found, lines) = (Vec::new(), OnceCell::new());
    collect_duplicates(&tree(text)?, &mut Vec::new(), &mut |steps, offset| {
        let lines = lines.get_or_init(|| Lines::of(text));
        found.push((steps.to_vec(), lines.position(offset)));
    });
    Some(found)
}

/// The texts of the documents of a list, bare or in `value`, byte for byte; `None` where there is no list.
pub(crate) fn elements(text: &str) -> Option<Vec<&str>> {
    let root = tree(text)?;
    let list = match &root {
        Value::Array(list) => list,
        Value::Object(object) => {
            let mut last_first = object.properties.iter().rev();
            let list = last_first.find(|property| property.name.as_str() == "value")?;
            list.value.as_array()?
        }
        Value::StringLit(_)
        | Value::NumberLit(_)
        | Value::BooleanLit(_)
        | Value::NullKeyword(_) => return None,
    };
    let ranges = list.elements.iter().map(Ranged::range);
    ranges
        .map(|range| text.get(range.start..range.end))
        .collect()
}

/// The members of an object: the name of each, and the text of name and value, byte for byte.
pub(crate) fn members(text: &str) -> Option<Vec<(String, &str)>> {
    let root = tree(text)?;
    let members = root.as_object()?.properties.iter().map(|property| {
        let name = property.name.as_str().to_owned();
        Some((name, text.get(property.range.start..property.range.end)?))
    });
    members.collect()
}

fn collect_duplicates(
    value: &Value<'_>,
    steps: &mut Vec<Step>,
    found: &mut impl FnMut(&[Step], usize),
) {
    match value {
        Value::Object(object) => {
            let mut seen = std::collections::HashSet::new();
            for property in &object.properties {
                steps.push(Step::Member(property.name.as_str().to_owned()));
                if !seen.insert(property.name.as_str()) {
                    found(steps, property.range.start);
                }
                collect_duplicates(&property.value, steps, found);
                steps.pop();
            }
        }
        Value::Array(array) => {
            for (index, element) in array.elements.iter().enumerate() {
                steps.push(Step::Item(index));
                collect_duplicates(element, steps, found);
                steps.pop();
            }
        }
        Value::StringLit(_)
        | Value::NumberLit(_)
        | Value::BooleanLit(_)
        | Value::NullKeyword(_) => {}
    }
}

/// JSON only: texts come here after a JSON reader took them, and their places must be told the same.
fn tree(text: &str) -> Option<Value<'_>> {
    let strict = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
    };
    parse_to_ast(text, &CollectOptions::default(), &strict)
        .ok()?
        .value
}

/// The byte where the path leads, or where the nearest value above it starts.
fn offset(root: &Value<'_>, steps: &[Step], mark: Mark) -> usize {
    let mut value = root;
    for (depth, step) in steps.iter().enumerate() {
        let last = depth + 1 == steps.len();
        let next = match (step, value) {
            (Step::Member(name), Value::Object(object)) => {
                // Of two members the last one holds, as for every JSON reader.
                let named = |property: &&ObjectProp<'_>| property.name.as_str() == name;
                match object.properties.iter().rev().find(named) {
                    Some(property) if last && mark == Mark::Name => return property.range.start,
                    Some(property) => Some(&property.value),
                    None => None,
                }
            }
            (Step::Item(index), Value::Array(array)) => array.elements.get(*index),
            (Step::Member(_) | Step::Item(_), _) => None,
        };
        match next {
            Some(next) => value = next,
            None => break,
        }
    }
    value.start()
}

/// Where the lines of a text start, so that a thousand faults do not count them a thousand times.
struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    /// The place told last, by line, byte and column: in a file of one long line the next one is counted from there.
    last: Cell<(usize, usize, usize)>,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        let after_breaks = text.match_indices('\n').map(|(newline, _)| newline + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(after_breaks).collect(),
            last: Cell::new((0, 0, 1)),
        }
    }

    fn position(&self, offset: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self
            .starts
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or(0);
        let letters = |range| {
            self.text
                .get(range)
                .map_or(0, |text: &str| text.chars().count())
        };
        let column = match self.last.get() {
            (last_line, last, column) if last_line == line && last <= offset => {
                column + letters(last..offset)
            }
            (last_line, last, column) if last_line == line => {
                column.saturating_sub(letters(offset..last))
            }
            _ => 1 + letters(start..offset),
        };
        self.last.set((line, offset, column));
        Position { line, column }
    }
}
