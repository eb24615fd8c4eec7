//! From words to a filter: recursive descent over OData's grammar, as far as it is taken here.
//!
//! `or` binds least, then `and`, then `not`. `not` stands before a parenthesis, a function or a Boolean property: readers
//! differ on what it means before a comparison, so that parentheses must say it.

use super::comparison::is_operator;
use super::cursor::Cursor;
use super::lex::{self, Kind};
use super::literal::Written;
use super::operand::{Operand, Scope};
use super::{Condition, Expression, Quantifier, TextFunction};
use crate::odata::allowed::{Allowed, PropertyType, ValueType};
use crate::odata::bad_query::{BadQuery, shown};

/// Bytes of a filter.
const LONGEST: usize = 8 * 1024;
/// Parentheses, `not`, `any` and `all` within each other.
const DEEPEST: usize = 32;
/// Conditions of a filter, and literals of its `in`: each costs a look at every object.
const MOST_TERMS: usize = 256;

pub(super) fn expression(text: &str, allowed: &Allowed<'_>) -> Result<Expression, BadQuery> {
    if text.len() > LONGEST {
        return Err(BadQuery::unsupported(format!(
            "`$filter`: has {} bytes; expected at most {LONGEST}",
            text.len()
        )));
    }
    let tokens = lex::tokens(text)?;
    let mut parser = Parser {
        cursor: Cursor(&tokens),
        allowed,
        depth: 0,
        terms: 0,
    };
    let whole = parser.disjunction(&Scope::resource())?;
    match parser.cursor.peek() {
        None => Ok(whole),
        Some(_) => Err(parser.cursor.expected("`and`, `or` or the end")),
    }
}

pub(super) struct Parser<'t, 'a> {
    pub(super) cursor: Cursor<'t>,
    pub(super) allowed: &'t Allowed<'a>,
    depth: usize,
    terms: usize,
}

impl<'t, 'a> Parser<'t, 'a> {
    fn disjunction(&mut self, scope: &Scope<'t, 'a>) -> Result<Expression, BadQuery> {
        let mut parts = vec![self.conjunction(scope)?];
        while self.cursor.take_keyword("or") {
            parts.push(self.conjunction(scope)?);
        }
        Ok(joined(parts, Expression::Or))
    }

    fn conjunction(&mut self, scope: &Scope<'t, 'a>) -> Result<Expression, BadQuery> {
        let mut parts = vec![self.condition(scope)?];
        while self.cursor.take_keyword("and") {
            parts.push(self.condition(scope)?);
        }
        Ok(joined(parts, Expression::And))
    }

    fn condition(&mut self, scope: &Scope<'t, 'a>) -> Result<Expression, BadQuery> {
        if self.cursor.take_keyword("not") {
            return self.negation(scope);
        }
        if self.cursor.take(&Kind::Open) {
            let inner = self.deeper(|parser| parser.disjunction(scope))?;
            self.cursor.expect(&Kind::Close)?;
            return Ok(inner);
        }
        match (self.cursor.peek(), self.cursor.peek_second()) {
            (Some(Kind::Word(word)), Some(Kind::Open)) => {
                self.cursor.next();
                self.cursor.next();
                self.call(word, scope)
            }
            _ => self.comparison(scope),
        }
    }

    fn negation(&mut self, scope: &Scope<'t, 'a>) -> Result<Expression, BadQuery> {
        let operand = matches!(self.cursor.peek(), Some(Kind::Word(_) | Kind::Text(_)));
        let operator = self.cursor.peek_second().is_some_and(is_operator);
        if operand && operator {
            return Err(self
                .cursor
                .expected("parentheses around the comparison after `not`"));
        }
        let part = self.deeper(|parser| parser.condition(scope))?;
        Ok(Expression::Not(Box::new(part)))
    }

    /// What begins with `word` and an open parenthesis, which are behind us.
    fn call(&mut self, word: &'t str, scope: &Scope<'t, 'a>) -> Result<Expression, BadQuery> {
        if let Some((path, name)) = word.rsplit_once('/') {
            if name.eq_ignore_ascii_case("any") {
                if self.cursor.take(&Kind::Close) {
                    let (collection, _) = self.collection(path, scope)?;
                    self.count_term()?;
                    return Ok(Expression::Elements(collection.path, Quantifier::NotEmpty));
                }
                return self.elements(path, scope, Quantifier::Any);
            }
            if name.eq_ignore_ascii_case("all") {
                return self.elements(path, scope, Quantifier::All);
            }
        }
        let function = TextFunction::ALL
            .into_iter()
            .find(|function| function.name().eq_ignore_ascii_case(word));
        match function {
            Some(function) => self.text_function(function, scope),
            None => Err(BadQuery::unsupported(format!(
                "`$filter`: the function {} is not supported; expected `startswith`, `endswith` or `contains`",
                shown(word)
            ))),
        }
    }

    fn text_function(
        &mut self,
        function: TextFunction,
        scope: &Scope<'t, 'a>,
    ) -> Result<Expression, BadQuery> {
        self.count_term()?;
        let Some(Kind::Word(written)) = self.cursor.peek() else {
            return Err(self.cursor.expected("a property"));
        };
        self.cursor.next();
        let operand = scope.find(written, self.allowed)?;
        let of = operand.single()?;
        if !matches!(of, ValueType::Text | ValueType::Guid) {
            return Err(BadQuery::malformed(format!(
                "`$filter`: {} is {}; `{}` is asked of texts",
                shown(written),
                of.name(),
                function.name()
            )));
        }
        self.cursor.expect(&Kind::Comma)?;
        let Some(Kind::Text(text)) = self.cursor.peek() else {
            return Err(self.cursor.expected("a text in single quotes"));
        };
        self.cursor.next();
        self.cursor.expect(&Kind::Close)?;
        Ok(Expression::Text(
            function,
            operand.path,
            text.as_str().into(),
        ))
    }

    /// The variable and the condition of `any` and `all`, up to the closing parenthesis.
    fn elements(
        &mut self,
        path: &'t str,
        scope: &Scope<'t, 'a>,
        quantifier: fn(Box<Condition>) -> Quantifier,
    ) -> Result<Expression, BadQuery> {
        let (collection, of) = self.collection(path, scope)?;
        let variable = match self.cursor.peek() {
            Some(Kind::Word(word)) if is_name(word) => *word,
            _ => {
                return Err(self
                    .cursor
                    .expected("a name for the elements, as in `any(x:x eq 'a')`"));
            }
        };
        self.cursor.next();
        self.cursor.expect(&Kind::Colon)?;
        let path = collection.path.clone();
        let inner = Scope::elements(collection, of, variable);
        let condition = self.deeper(|parser| parser.disjunction(&inner))?;
        self.cursor.expect(&Kind::Close)?;
        let condition = Condition {
            variable: variable.into(),
            of: condition,
        };
        Ok(Expression::Elements(path, quantifier(Box::new(condition))))
    }

    fn collection(
        &self,
        path: &'t str,
        scope: &Scope<'t, 'a>,
    ) -> Result<(Operand<'t, 'a>, ValueType), BadQuery> {
        let collection = scope.find(path, self.allowed)?;
        match collection.of {
            PropertyType::Many(of) => Ok((collection, of)),
            PropertyType::One(of) => Err(BadQuery::malformed(format!(
                "`$filter`: {} is {}; `any` and `all` are asked of collections",
                shown(path),
                of.name()
            ))),
        }
    }

    pub(super) fn count_term(&mut self) -> Result<(), BadQuery> {
        self.terms += 1;
        if self.terms > MOST_TERMS {
            return Err(BadQuery::unsupported(format!(
                "`$filter`: has more than {MOST_TERMS} conditions and values"
            )));
        }
        Ok(())
    }

    fn deeper(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<Expression, BadQuery>,
    ) -> Result<Expression, BadQuery> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(BadQuery::unsupported(format!(
                "`$filter`: is nested more than {DEEPEST} deep"
            )));
        }
        let expression = inner(self)?;
        self.depth -= 1;
        Ok(expression)
    }
}

/// A single part is itself.
fn joined(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

fn is_name(word: &str) -> bool {
    !word.contains(['/', '.', '-']) && Written::bare(word).is_none()
}
