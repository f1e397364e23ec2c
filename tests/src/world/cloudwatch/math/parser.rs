//! Reads expressions.

use super::{Aggregate, Expr, Operator};

/// Parses an expression; the error names what is not understood.
pub(in super::super) fn parse(text: &str) -> Result<Expr, String> {
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
            "LOG" => Expr::Log(first),
            "RUNNING_SUM" => Expr::RunningSum(first),
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
