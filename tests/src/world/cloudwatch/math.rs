//! Metric math: the part of it that alarms here may use.
//!
//! Numbers, ids, `+ - * /`, comparisons (1 or 0), parentheses, `FILL(series, number)`,
//! `IF(condition, series, series)`, `EPOCH(series)`, and `AVG(series)` and `MAX(series)`, which give one number for all
//! periods that an alarm fetches. All else is computed period by period: a missing operand or a division by zero gives a missing
//! datapoint. AWS: `CloudWatch` user guide, "Using math expressions with metrics".

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    Number(f64),
    Id(String),
    Negative(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Fill(Box<Expr>, f64),
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    Epoch(Box<Expr>),
    Overall(Aggregate, Box<Expr>),
}

/// One value for each period that is looked at, newest first.
pub(super) type Values = Vec<Option<f64>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Average,
    Maximum,
}

impl Aggregate {
    /// Of the periods that have a datapoint.
    fn of(self, values: &Values) -> Option<f64> {
        let known: Vec<f64> = values.iter().copied().flatten().collect();
        #[expect(clippy::cast_precision_loss, reason = "a few periods")]
        match self {
            Self::Average => {
                (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
            }
            Self::Maximum => known.into_iter().reduce(f64::max),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Plus,
    Minus,
    Times,
    Over,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl Operator {
    #[expect(
        clippy::float_cmp,
        reason = "the comparison operators of metric math compare exactly"
    )]
    fn apply(self, left: f64, right: f64) -> f64 {
        let truth = |holds: bool| if holds { 1.0 } else { 0.0 };
        match self {
            Self::Plus => left + right,
            Self::Minus => left - right,
            Self::Times => left * right,
            Self::Over => left / right,
            Self::Less => truth(left < right),
            Self::LessOrEqual => truth(left <= right),
            Self::Greater => truth(left > right),
            Self::GreaterOrEqual => truth(left >= right),
            Self::Equal => truth(left == right),
            Self::NotEqual => truth(left != right),
        }
    }
}

impl Expr {
    /// The values in the periods that begin at these seconds of metric time, where `of` gives the values of ids.
    pub(super) fn evaluate(&self, seconds: &[u64], of: &impl Fn(&str) -> Values) -> Values {
        let same = |value: Option<f64>| vec![value; seconds.len()];
        let values = match self {
            Self::Number(number) => same(Some(*number)),
            Self::Id(id) => of(id),
            Self::Negative(inner) => each(inner.evaluate(seconds, of), |value| value.map(|it| -it)),
            Self::Binary(operator, left, right) => {
                let (left, right) = (left.evaluate(seconds, of), right.evaluate(seconds, of));
                let both = left.into_iter().zip(right);
                both.map(|(left, right)| Some(operator.apply(left?, right?)))
                    .collect()
            }
            Self::Fill(inner, filler) => {
                each(inner.evaluate(seconds, of), |value| value.or(Some(*filler)))
            }
            Self::If(condition, then, otherwise) => {
                let [condition, then, otherwise] =
                    [condition, then, otherwise].map(|it| it.evaluate(seconds, of));
                let all = condition.into_iter().zip(then.into_iter().zip(otherwise));
                all.map(
                    |(condition, (then, otherwise))| {
                        if condition? == 0.0 { otherwise } else { then }
                    },
                )
                .collect()
            }
            #[expect(clippy::cast_precision_loss, reason = "AWS gives seconds as numbers")]
            Self::Epoch(inner) => {
                let inner = inner.evaluate(seconds, of).into_iter().zip(seconds);
                inner
                    .map(|(value, second)| value.map(|_| *second as f64))
                    .collect()
            }
            Self::Overall(aggregate, inner) => same(aggregate.of(&inner.evaluate(seconds, of))),
        };
        each(values, |value| value.filter(|it| it.is_finite()))
    }

    /// The ids that the expression names.
    pub(super) fn ids(&self) -> Vec<&str> {
        match self {
            Self::Number(_) => Vec::new(),
            Self::Id(id) => vec![id],
            Self::Negative(inner)
            | Self::Fill(inner, _)
            | Self::Epoch(inner)
            | Self::Overall(_, inner) => inner.ids(),
            Self::Binary(_, left, right) => [left.ids(), right.ids()].concat(),
            Self::If(condition, then, otherwise) => {
                [condition.ids(), then.ids(), otherwise.ids()].concat()
            }
        }
    }
}

fn each(values: Values, change: impl Fn(Option<f64>) -> Option<f64>) -> Values {
    values.into_iter().map(change).collect()
}

/// Parses an expression; the error names what is not understood.
pub(super) fn parse(text: &str) -> Result<Expr, String> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
    };
    let expression = parser.comparison()?;
    match parser.peek() {
        None => Ok(expression),
        Some(token) => Err(format!("unexpected {token}")),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Word(String),
    Sign(&'static str),
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Word(word) => f.write_str(word),
            Self::Sign(sign) => f.write_str(sign),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    /// Longer signs first.
    const SIGNS: [&str; 13] = [
        "<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "(", ")", ",",
    ];
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_digit() || first == '.' {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
            let word = &rest[..end.unwrap_or(rest.len())];
            let number = word
                .parse()
                .map_err(|_| format!("{word} is not a number"))?;
            tokens.push(Token::Number(number));
            word.len()
        } else if first.is_ascii_alphabetic() {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let word = &rest[..end.unwrap_or(rest.len())];
            tokens.push(Token::Word(word.to_owned()));
            word.len()
        } else {
            let sign = SIGNS
                .into_iter()
                .find(|sign| rest.starts_with(sign))
                .ok_or_else(|| format!("{first} is not supported by the local account"))?;
            tokens.push(Token::Sign(sign));
            sign.len()
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// Recursive descent: comparison, sum, product, sign, atom.
struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn operator(&mut self, known: &[(&str, Operator)]) -> Option<Operator> {
        let Some(Token::Sign(sign)) = self.peek() else {
            return None;
        };
        let (_, operator) = known.iter().find(|(text, _)| text == sign)?;
        let operator = *operator;
        self.at += 1;
        Some(operator)
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        match self.next() {
            Some(Token::Sign(found)) if found == sign => Ok(()),
            Some(found) => Err(format!("expected {sign} but found {found}")),
            None => Err(format!("expected {sign} but the expression ends")),
        }
    }

    fn binary(
        &mut self,
        known: &[(&str, Operator)],
        operand: fn(&mut Self) -> Result<Expr, String>,
    ) -> Result<Expr, String> {
        let mut left = operand(self)?;
        while let Some(operator) = self.operator(known) {
            let right = operand(self)?;
            left = Expr::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Result<Expr, String> {
        let known = [
            ("<", Operator::Less),
            ("<=", Operator::LessOrEqual),
            (">", Operator::Greater),
            (">=", Operator::GreaterOrEqual),
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
        ];
        self.binary(&known, Self::sum)
    }

    fn sum(&mut self) -> Result<Expr, String> {
        let known = [("+", Operator::Plus), ("-", Operator::Minus)];
        self.binary(&known, Self::product)
    }

    fn product(&mut self) -> Result<Expr, String> {
        let known = [("*", Operator::Times), ("/", Operator::Over)];
        self.binary(&known, Self::signed)
    }

    fn signed(&mut self) -> Result<Expr, String> {
        if self.peek() == Some(&Token::Sign("-")) {
            self.at += 1;
            return Ok(Expr::Negative(Box::new(self.signed()?)));
        }
        self.atom()
    }

    fn atom(&mut self) -> Result<Expr, String> {
        match self.next() {
            Some(Token::Number(number)) => Ok(Expr::Number(number)),
            Some(Token::Word(word)) if self.peek() == Some(&Token::Sign("(")) => {
                self.function(&word)
            }
            Some(Token::Word(word)) if word.starts_with(|c: char| c.is_ascii_lowercase()) => {
                Ok(Expr::Id(word))
            }
            Some(Token::Word(word)) => Err(format!("{word} is not supported by the local account")),
            Some(Token::Sign("(")) => {
                let inner = self.comparison()?;
                self.expect(")")?;
                Ok(inner)
            }
            Some(found) => Err(format!("unexpected {found}")),
            None => Err("the expression ends too early".to_owned()),
        }
    }

    fn function(&mut self, name: &str) -> Result<Expr, String> {
        self.expect("(")?;
        let first = Box::new(self.comparison()?);
        let function = match name {
            "EPOCH" => Expr::Epoch(first),
            "AVG" => Expr::Overall(Aggregate::Average, first),
            "MAX" => Expr::Overall(Aggregate::Maximum, first),
            "FILL" => {
                self.expect(",")?;
                let filler = self.signed()?.evaluate(&[0], &|_| vec![None]);
                let filler = filler.into_iter().flatten().next();
                Expr::Fill(
                    first,
                    filler.ok_or("FILL takes a number as its second argument here")?,
                )
            }
            "IF" => {
                self.expect(",")?;
                let then = Box::new(self.comparison()?);
                self.expect(",")?;
                Expr::If(first, then, Box::new(self.comparison()?))
            }
            _ => {
                return Err(format!(
                    "the function {name} is not supported by the local account"
                ));
            }
        };
        self.expect(")")?;
        Ok(function)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<f64> {
        let series = |id: &str| match id {
            "m1" => Some(6.0),
            "m2" => Some(3.0),
            "zero" => Some(0.0),
            _ => None,
        };
        let parsed = parse(text).expect("a valid expression");
        parsed.evaluate(&[60], &|id| vec![series(id)])[0]
    }

    #[test]
    fn some_functions_look_at_all_periods() {
        let series = |id: &str| match id {
            "m1" => vec![None, Some(2.0), Some(4.0)],
            _ => vec![None; 3],
        };
        let values = |text: &str| {
            let parsed = parse(text).expect("a valid expression");
            parsed.evaluate(&[180, 120, 60], &series)
        };
        assert_eq!(values("m1 < AVG(m1)"), [None, Some(1.0), Some(0.0)]);
        assert_eq!(values("AVG(FILL(m1, 0))"), [Some(2.0); 3]);
        assert_eq!(
            values("MAX(EPOCH(m1)) - EPOCH(FILL(m1, 0))"),
            [Some(-60.0), Some(0.0), Some(60.0)]
        );
        assert_eq!(values("AVG(gone)"), [None; 3]);
    }

    #[test]
    fn expressions_are_computed_as_written() {
        for (text, expected) in [
            ("m1 + m2 * 2", 12.0),
            ("(m1 + m2) * 2", 18.0),
            ("m1 - m2 - 1", 2.0),
            ("-m1 / m2", -2.0),
            ("100*m1/(m1+m2)", 66.666_666_666_666_67),
            ("m1 > m2", 1.0),
            ("m1 - m2 <= 2.5", 0.0),
            ("IF(m1 >= 6, m2, 0)", 3.0),
            ("IF(m1 != 6, m2, -1)", -1.0),
            ("FILL(gone, 7) + FILL(m1, 7)", 13.0),
        ] {
            assert_eq!(value(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_missing_operand_or_a_division_by_zero_is_a_missing_datapoint() {
        for text in [
            "m1 + gone",
            "m1 / zero",
            "zero / zero",
            "IF(gone, 1, 2)",
            "-gone",
        ] {
            assert_eq!(value(text), None, "{text}");
        }
        assert_eq!(value("IF(zero > 0, m1 / zero, 0)"), Some(0.0));
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name() {
        for (text, named) in [
            ("RATE(m1)", "RATE"),
            ("FILL(m1, REPEAT)", "REPEAT"),
            ("m1 AND m2", "AND"),
            ("m1 ^ 2", "^"),
            ("m1 +", "ends"),
            ("(m1", ")"),
            ("m1 m2", "m2"),
            ("IF(m1, m2)", ","),
            ("1.2.3", "1.2.3"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
