//! The condition language: reads `conditions` and `childConditions` and holds them against a row's
//! JSON. It knows names and operators, nothing of where rows come from.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::names::{Kind, Names, Resource, filterable};
use super::tokens::{Token, tokens};

/// The deepest nesting that is read.
const DEEPEST: usize = 32;

/// Why a condition is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// A name that is not known here.
    Name(String),
    /// It cannot be read.
    Form(String),
}

/// A value in a condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    /// Quoted text.
    Text(String),
    /// A number.
    Int(i64),
    /// `True` or `False`.
    Bool(bool),
    /// A moment in square brackets.
    Time(DateTime<Utc>),
    /// `null`.
    Null,
}

/// How a field and a value are held together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    /// `=`.
    Equal,
    /// `!=`.
    Unequal,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `contains`.
    Contains,
    /// `like`.
    Like,
    /// `in`.
    In,
}

/// A condition.
#[derive(Debug)]
pub(super) enum Condition {
    /// A name, an operator and its values: more than one for `in` alone.
    Test(String, Operator, Vec<Literal>),
    /// The opposite.
    Not(Box<Condition>),
    /// All of them.
    And(Vec<Condition>),
    /// One of them.
    Or(Vec<Condition>),
}

/// Which of the two parameters is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// `conditions`.
    Own,
    /// `childConditions`: names begin with a list's name, and `in` is not offered.
    Children,
}

/// Reads a condition for this resource.
pub(super) fn parse(text: &str, resource: &Resource, scope: Scope) -> Result<Condition, Wrong> {
    let mut parser = Parser {
        tokens: tokens(text).map_err(Wrong::Form)?,
        at: 0,
        resource,
        scope,
    };
    let condition = parser.any(0)?;
    match parser.tokens.get(parser.at) {
        None => Ok(condition),
        Some(extra) => Err(Wrong::Form(format!("Unexpected {extra:?}."))),
    }
}

struct Parser<'a> {
    tokens: Vec<Token>,
    at: usize,
    resource: &'a Resource,
    scope: Scope,
}

impl Parser<'_> {
    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.at),
            Some(Token::Word(text)) if text.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(text)) if text == sign);
        self.at += usize::from(found);
        found
    }

    fn any(&mut self, depth: usize) -> Result<Condition, Wrong> {
        let mut parts = vec![self.all(depth)?];
        while self.word("or") {
            parts.push(self.all(depth)?);
        }
        Ok(Condition::Or(parts))
    }

    fn all(&mut self, depth: usize) -> Result<Condition, Wrong> {
        let mut parts = vec![self.one(depth)?];
        while self.word("and") {
            parts.push(self.one(depth)?);
        }
        Ok(Condition::And(parts))
    }

    fn one(&mut self, depth: usize) -> Result<Condition, Wrong> {
        if depth > DEEPEST {
            return Err(Wrong::Form("The condition is nested too deeply.".into()));
        }
        if self.word("not") {
            return Ok(Condition::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.sign("(") {
            let inner = self.any(depth + 1)?;
            return if self.sign(")") {
                Ok(inner)
            } else {
                Err(Wrong::Form("A closing parenthesis is missing.".into()))
            };
        }
        self.test()
    }

    fn test(&mut self) -> Result<Condition, Wrong> {
        let Some(Token::Word(name)) = self.tokens.get(self.at).cloned() else {
            return Err(Wrong::Form("A field name is missing.".into()));
        };
        self.at += 1;
        let kind = self.kind(&name).ok_or_else(|| Wrong::Name(name.clone()))?;
        let negated = self.word("not");
        let operator = self.operator()?;
        let values = if operator == Operator::In {
            self.list(kind)?
        } else {
            vec![self.literal(kind)?]
        };
        let test = Condition::Test(name, operator, values);
        Ok(if negated {
            Condition::Not(Box::new(test))
        } else {
            test
        })
    }

    fn kind(&self, name: &str) -> Option<Kind> {
        match self.scope {
            Scope::Own => filterable(self.resource.names, name),
            Scope::Children => {
                let (list, rest) = name.split_once('/')?;
                let (_, names): &(_, Names) = self
                    .resource
                    .children
                    .iter()
                    .find(|(child, _)| *child == list)?;
                filterable(names, rest)
            }
        }
    }

    fn operator(&mut self) -> Result<Operator, Wrong> {
        for (sign, operator) in [
            ("=", Operator::Equal),
            ("!=", Operator::Unequal),
            ("<", Operator::Less),
            ("<=", Operator::LessOrEqual),
            (">", Operator::Greater),
            (">=", Operator::GreaterOrEqual),
        ] {
            if self.sign(sign) {
                return Ok(operator);
            }
        }
        if self.word("contains") {
            Ok(Operator::Contains)
        } else if self.word("like") {
            Ok(Operator::Like)
        } else if self.word("in") {
            match self.scope {
                Scope::Own => Ok(Operator::In),
                Scope::Children => Err(Wrong::Form("in is not supported here.".into())),
            }
        } else {
            Err(Wrong::Form("An operator is missing.".into()))
        }
    }

    fn list(&mut self, kind: Kind) -> Result<Vec<Literal>, Wrong> {
        let wrong = || Wrong::Form("in needs a list in parentheses.".into());
        if !self.sign("(") {
            return Err(wrong());
        }
        let mut values = vec![self.literal(kind)?];
        while self.sign(",") {
            values.push(self.literal(kind)?);
        }
        if self.sign(")") {
            Ok(values)
        } else {
            Err(wrong())
        }
    }

    fn literal(&mut self, kind: Kind) -> Result<Literal, Wrong> {
        let Some(token) = self.tokens.get(self.at).cloned() else {
            return Err(Wrong::Form("A value is missing.".into()));
        };
        self.at += 1;
        let literal = match &token {
            Token::Word(word) if word.eq_ignore_ascii_case("null") => Some(Literal::Null),
            Token::Word(word) if word.eq_ignore_ascii_case("true") => Some(Literal::Bool(true)),
            Token::Word(word) if word.eq_ignore_ascii_case("false") => Some(Literal::Bool(false)),
            Token::Quoted(text) => Some(Literal::Text(text.clone())),
            Token::Number(number) => Some(Literal::Int(*number)),
            Token::Bracketed(text) => moment(text).map(Literal::Time),
            Token::Word(_) | Token::Sign(_) => None,
        };
        match (literal, kind) {
            (Some(literal @ Literal::Null), _)
            | (Some(literal @ Literal::Text(_)), Kind::Text)
            | (Some(literal @ Literal::Int(_)), Kind::Int)
            | (Some(literal @ Literal::Bool(_)), Kind::Bool)
            | (Some(literal @ Literal::Time(_)), Kind::Time) => Ok(literal),
            _ => Err(Wrong::Form(format!(
                "{token:?} is not a value for this field."
            ))),
        }
    }
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(day.and_hms_opt(0, 0, 0)?.and_utc())
}

impl Condition {
    /// Whether it holds, with the value of each name from `row`; `None` as in SQL, where a value is
    /// not set.
    pub fn holds(&self, row: &dyn Fn(&str) -> Value) -> Option<bool> {
        match self {
            Self::Test(name, operator, values) => test(&row(name), *operator, values),
            Self::Not(inner) => inner.holds(row).map(|held| !held),
            Self::And(parts) => decided(parts, row, false),
            Self::Or(parts) => decided(parts, row, true),
        }
    }

    /// The values that this name must have one of, where the condition says so at its top; saves
    /// looking at other rows.
    pub fn pins(&self, name: &str) -> Option<&[Literal]> {
        match self {
            Self::Test(own, Operator::Equal | Operator::In, values) if own == name => Some(values),
            Self::And(parts) => parts.iter().find_map(|part| part.pins(name)),
            Self::Or(parts) if parts.len() == 1 => parts[0].pins(name),
            _ => None,
        }
    }

    /// The lists that a child condition speaks of.
    pub fn lists(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.gather(&mut found);
        found.sort_unstable();
        found.dedup();
        found
    }

    fn gather<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Self::Test(name, ..) => found.extend(name.split('/').next()),
            Self::Not(inner) => inner.gather(found),
            Self::And(parts) | Self::Or(parts) => {
                for part in parts {
                    part.gather(found);
                }
            }
        }
    }
}

/// One part with this outcome decides; else the opposite, unless a part is unknown.
fn decided(parts: &[Condition], row: &dyn Fn(&str) -> Value, outcome: bool) -> Option<bool> {
    let mut unknown = false;
    for part in parts {
        match part.holds(row) {
            Some(held) if held == outcome => return Some(outcome),
            Some(_) => {}
            None => unknown = true,
        }
    }
    if unknown { None } else { Some(!outcome) }
}

fn test(value: &Value, operator: Operator, literals: &[Literal]) -> Option<bool> {
    if let [Literal::Null] = literals {
        return match operator {
            Operator::Equal => Some(value.is_null()),
            Operator::Unequal => Some(!value.is_null()),
            _ => None,
        };
    }
    if value.is_null() {
        return None;
    }
    if operator == Operator::In {
        return Some(
            literals
                .iter()
                .any(|each| test(value, Operator::Equal, std::slice::from_ref(each)) == Some(true)),
        );
    }
    let literal = literals.first()?;
    if let (Operator::Contains | Operator::Like, Literal::Text(text)) = (operator, literal) {
        let (value, text) = (value.as_str()?.to_lowercase(), text.to_lowercase());
        return Some(match operator {
            Operator::Contains => value.contains(&text),
            _ => like(&value, &text),
        });
    }
    // The database's collation ignores case.
    let order = match literal {
        Literal::Text(text) => value.as_str()?.to_lowercase().cmp(&text.to_lowercase()),
        Literal::Int(number) => value.as_i64()?.cmp(number),
        Literal::Bool(flag) => value.as_bool()?.cmp(flag),
        Literal::Time(time) => moment(value.as_str()?)?.cmp(time),
        Literal::Null => return None,
    };
    match operator {
        Operator::Equal => Some(order.is_eq()),
        Operator::Unequal => Some(order.is_ne()),
        Operator::Less => Some(order.is_lt()),
        Operator::LessOrEqual => Some(order.is_le()),
        Operator::Greater => Some(order.is_gt()),
        Operator::GreaterOrEqual => Some(order.is_ge()),
        Operator::Contains | Operator::Like | Operator::In => None,
    }
}

/// `*` and `%` stand for anything; `[[]` for one square bracket.
fn like(value: &str, pattern: &str) -> bool {
    let pattern = pattern.replace("[[]", "\u{1}");
    let parts: Vec<String> = pattern
        .split(['*', '%'])
        .map(|part| part.replace('\u{1}', "["))
        .collect();
    let [first, middle @ .., last] = parts.as_slice() else {
        return value == pattern.replace('\u{1}', "[");
    };
    let Some(mut rest) = value.strip_prefix(first.as_str()) else {
        return false;
    };
    for part in middle {
        let Some(at) = rest.find(part.as_str()) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last.as_str())
}
