//! Reads comparisons: of a property with a value, with a list of values, or of a Boolean one with nothing.

use super::lex::Kind;
use super::literal::{Literal, Written};
use super::operand::{Operand, Scope};
use super::parse::Parser;
use super::{Comparison, Expression};
use crate::odata::allowed::{PropertyType, ValueType};
use crate::odata::bad_query::{BadQuery, shown};

/// One side of a comparison.
enum Side<'t, 'a> {
    Property(Operand<'t, 'a>),
    Literal(Written<'t>),
}

impl<'t, 'a> Parser<'t, 'a> {
    pub(super) fn comparison(&mut self, scope: &Scope<'t, 'a>) -> Result<Expression, BadQuery> {
        self.count_term()?;
        let left = self.side(scope)?;
        let comparison = Comparison::ALL
            .into_iter()
            .find(|comparison| self.cursor.take_keyword(comparison.name()));
        let Some(comparison) = comparison else {
            return self.without_comparison(left, scope);
        };
        let (operand, comparison, literal) = match (left, self.side(scope)?) {
            (Side::Property(operand), Side::Literal(literal)) => (operand, comparison, literal),
            (Side::Literal(literal), Side::Property(operand)) => {
                (operand, comparison.mirrored(), literal)
            }
            (Side::Property(left), Side::Property(right)) => {
                return Err(BadQuery::unsupported(format!(
                    "`$filter`: {} and {} are both properties; compare each with a value, texts in single quotes",
                    shown(left.written),
                    shown(right.written)
                )));
            }
            (Side::Literal(left), Side::Literal(right)) => {
                return Err(BadQuery::malformed(format!(
                    "`$filter`: {} and {} are both values; expected a property",
                    shown(&left.to_string()),
                    shown(&right.to_string())
                )));
            }
        };
        let literal = read(&literal, &operand)?;
        let of = operand.single()?;
        if !of.is_ordered() && !comparison.is_equality() {
            return Err(BadQuery::malformed(format!(
                "`$filter`: {} is {}, which has no order; expected `eq` or `ne`",
                shown(operand.written),
                of.name()
            )));
        }
        Ok(Expression::Compare(operand.path, comparison, literal))
    }

    /// A property with `in` behind it, or a Boolean one that stands for itself.
    fn without_comparison(
        &mut self,
        left: Side<'t, 'a>,
        scope: &Scope<'t, 'a>,
    ) -> Result<Expression, BadQuery> {
        match left {
            Side::Property(operand) if self.cursor.take_keyword("in") => {
                self.cursor.expect(&Kind::Open)?;
                let mut literals = Vec::new();
                loop {
                    let Side::Literal(literal) = self.side(scope)? else {
                        return Err(BadQuery::malformed(format!(
                            "`$filter`: expected values after `in`, texts in single quotes, for {}",
                            shown(operand.written)
                        )));
                    };
                    literals.push(read(&literal, &operand)?);
                    if !self.cursor.take(&Kind::Comma) {
                        break;
                    }
                    self.count_term()?;
                }
                self.cursor.expect(&Kind::Close)?;
                Ok(Expression::In(operand.path, literals))
            }
            Side::Property(operand) if operand.of == PropertyType::One(ValueType::Boolean) => {
                Ok(Expression::Holds(operand.path))
            }
            Side::Property(_) | Side::Literal(_) => Err(self
                .cursor
                .expected("`eq`, `ne`, `gt`, `ge`, `lt`, `le` or `in`")),
        }
    }

    fn side(&mut self, scope: &Scope<'t, 'a>) -> Result<Side<'t, 'a>, BadQuery> {
        let side = match self.cursor.peek() {
            Some(Kind::Text(text)) => Side::Literal(Written::Quoted(text)),
            Some(Kind::Word(word)) => match Written::bare(word) {
                Some(literal) => Side::Literal(literal),
                None => Side::Property(scope.find(word, self.allowed)?),
            },
            Some(Kind::Open | Kind::Close | Kind::Comma | Kind::Colon) | None => {
                return Err(self.cursor.expected("a property or a value"));
            }
        };
        self.cursor.next();
        Ok(side)
    }
}

fn read(literal: &Written<'_>, operand: &Operand<'_, '_>) -> Result<Literal, BadQuery> {
    let of = operand.single()?;
    Literal::read(literal, of).ok_or_else(|| {
        BadQuery::malformed(format!(
            "`$filter`: {} is {} and cannot be compared with {}; expected {}",
            shown(operand.written),
            of.name(),
            shown(&literal.to_string()),
            of.literal()
        ))
    })
}

/// Whether it is what stands between the sides of a comparison.
pub(super) fn is_operator(kind: &Kind<'_>) -> bool {
    let Kind::Word(word) = kind else {
        return false;
    };
    word.eq_ignore_ascii_case("in")
        || Comparison::ALL
            .iter()
            .any(|comparison| comparison.name().eq_ignore_ascii_case(word))
}
